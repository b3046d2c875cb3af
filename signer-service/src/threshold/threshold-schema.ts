import type { Environment } from "@countersign/service-kit";
import { z } from "zod";
import { sealingKeysField } from "../sealing/sealing-keys.ts";
import { secretBytesOf } from "../sealing/secret-bytes.ts";
import { secretBytesField } from "../sealing/secret-bytes-field.ts";
import { evmPolicySchema } from "./evm-policy/evm-policy-schema.ts";
import { secretName } from "./master-secrets/secret-name.ts";
import { sameSecrets } from "./same-secrets.ts";
import { ED25519_SCHEME, SCHEME_IDS } from "./schemes/scheme-ids.ts";
import type {
  MasterSecretSource,
  RelyingParty,
  ThresholdConfig,
  ThresholdTenant,
} from "./threshold-config.ts";

const MAX_MASTER_SECRETS = 64;
const MAX_TENANTS = 1_000;
const MAX_RELYING_PARTIES = 16;
const MAX_ORIGINS = 16;
/** Hard caps: no configuration goes beyond them. */
const MAX_LIFETIME_SECONDS = 86_400;
const MAX_USES = 1_000;

const masterSecret = (env: Environment) =>
  z
    .strictObject({
      scheme: z.enum(SCHEME_IDS).default(ED25519_SCHEME),
      network: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be a network's name, for example testnet"),
      epoch: z.int().min(1).max(0xffff_ffff),
      secret: secretBytesField(env).optional(),
      sealed: z
        .strictObject({
          file: z.string().min(1).max(4_096),
          backend: z.string().min(1).max(64),
          key: z.string().min(1).max(512),
        })
        .optional(),
    })
    .transform(({ secret, sealed, ...name }, context): MasterSecretSource => {
      if (secret !== undefined && sealed === undefined) return { ...name, kind: "reference", secret };
      if (secret === undefined && sealed !== undefined) return { ...name, kind: "sealed", ...sealed };
      context.addIssue({ code: "custom", message: "needs either secret or sealed" });
      return z.NEVER;
    });

/** A domain as WebAuthn compares it (Web Authentication, section 5.1.2). */
const relyingPartyId = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/,
    "must be a domain in lower case",
  );

const origin = z
  .string()
  .max(512)
  .refine(
    isOrigin,
    'must be an origin like "https://wallet.example", in lower case and without a slash at its end; http is for localhost and what is below it',
  );

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.origin !== text) return false;
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && (url.hostname === "localhost" || url.hostname.endsWith(".localhost"));
}

const tenant = z
  .strictObject({
    tenant: z.string().min(1).max(128),
    relying_parties: z
      .array(
        z.strictObject({
          id: relyingPartyId,
          origins: z.array(origin).min(1).max(MAX_ORIGINS),
        }),
      )
      .min(1)
      .max(MAX_RELYING_PARTIES),
    export: z.boolean().default(false),
    evm: evmPolicySchema.prefault({}),
  })
  .transform(
    ({ tenant, relying_parties, export: mayExport, evm }): ThresholdTenant => ({
      tenant,
      relyingParties: relying_parties satisfies readonly RelyingParty[],
      export: mayExport,
      evm,
    }),
  );

const sessions = z
  .strictObject({
    default_lifetime_s: z.int().min(1).max(MAX_LIFETIME_SECONDS).default(900),
    max_lifetime_s: z.int().min(1).max(MAX_LIFETIME_SECONDS).default(MAX_LIFETIME_SECONDS),
    default_uses: z.int().min(1).max(MAX_USES).default(100),
    max_uses: z.int().min(1).max(MAX_USES).default(MAX_USES),
  })
  .refine((s) => s.default_lifetime_s <= s.max_lifetime_s, {
    path: ["default_lifetime_s"],
    message: "must be at most max_lifetime_s",
  })
  .refine((s) => s.default_uses <= s.max_uses, {
    path: ["default_uses"],
    message: "must be at most max_uses",
  });

const exportLimits = z.strictObject({
  user_per_hour: z.int().min(1).max(1_000).default(3),
  tenant_per_hour: z.int().min(1).max(100_000).default(60),
});

const presign = z
  .strictObject({
    per_session: z.int().min(1).max(10_000).default(100),
    per_user_day: z.int().min(1).max(100_000).default(1_000),
    capacity: z.int().min(1).max(64).default(8),
    refill_below: z.int().min(0).max(64).default(2),
    concurrent: z.int().min(1).max(1_024).default(8),
    concurrent_per_tenant: z.int().min(1).max(1_024).default(4),
    concurrent_per_user: z.int().min(1).max(1_024).default(2),
  })
  .refine((p) => p.refill_below <= p.capacity, {
    path: ["refill_below"],
    message: "must be at most capacity",
  })
  .refine((p) => p.concurrent_per_tenant <= p.concurrent, {
    path: ["concurrent_per_tenant"],
    message: "must be at most concurrent",
  });

/** The section `threshold` of the configuration. */
export const thresholdSchema = (env: Environment) =>
  z
    .strictObject({
      sealing_keys: sealingKeysField(env),
      master_secrets: z.array(masterSecret(env)).min(1).max(MAX_MASTER_SECRETS),
      tenants: z.array(tenant).max(MAX_TENANTS).default([]),
      sessions: sessions.prefault({}),
      presign: presign.prefault({}),
      exports: exportLimits.prefault({}),
    })
    .transform(
      ({ sealing_keys, master_secrets, tenants, sessions, presign, exports }): ThresholdConfig => ({
        sealingKeys: sealing_keys,
        masterSecrets: master_secrets,
        tenants,
        sessions: {
          defaultLifetimeSeconds: sessions.default_lifetime_s,
          maxLifetimeSeconds: sessions.max_lifetime_s,
          defaultUses: sessions.default_uses,
          maxUses: sessions.max_uses,
        },
        presign: {
          perSession: presign.per_session,
          perUserDay: presign.per_user_day,
          capacity: presign.capacity,
          refillBelow: presign.refill_below,
          concurrent: presign.concurrent,
          concurrentPerTenant: presign.concurrent_per_tenant,
          concurrentPerUser: presign.concurrent_per_user,
        },
        exports: { userPerHour: exports.user_per_hour, tenantPerHour: exports.tenant_per_hour },
      }),
    )
    .superRefine((config, context) => {
      for (const { path, message } of problemsOf(config)) context.addIssue({ code: "custom", path, message });
    });

interface Problem {
  readonly path: (string | number)[];
  readonly message: string;
}

/** What no field can know of itself. */
function* problemsOf({ sealingKeys, masterSecrets, tenants }: ThresholdConfig): Generator<Problem> {
  const bytesOf = (secret: { reveal(): string }) => secretBytesOf(secret.reveal()) ?? new Uint8Array();
  const epochs = new Set<string>();
  for (const [i, source] of masterSecrets.entries()) {
    const name = secretName(source);
    if (epochs.has(name)) yield { path: ["master_secrets", i], message: `${name} occurs twice` };
    epochs.add(name);
  }
  const given = masterSecrets.flatMap((source) =>
    source.kind === "reference" ? [{ name: secretName(source), secret: bytesOf(source.secret) }] : [],
  );
  const same = sameSecrets([
    ...given,
    ...sealingKeys.map((secret) => ({ name: "a sealing key", secret: bytesOf(secret) })),
  ]);
  if (same !== null && same[0] !== same[1]) {
    const message = `${same[0]} and ${same[1]} have the same secret: each needs its own`;
    yield { path: ["master_secrets"], message };
  }
  const names = new Set<string>();
  const owners = new Map<string, string>();
  for (const [i, { tenant, relyingParties }] of tenants.entries()) {
    if (names.has(tenant)) yield { path: ["tenants", i, "tenant"], message: `tenant ${tenant} occurs twice` };
    names.add(tenant);
    for (const [j, { id }] of relyingParties.entries()) {
      const owner = owners.get(id);
      const path = ["tenants", i, "relying_parties", j, "id"];
      if (owner === tenant) yield { path, message: `relying party ${id} occurs twice` };
      else if (owner !== undefined) {
        yield { path, message: `relying party ${id} is ${owner}'s: it belongs to one tenant` };
      }
      owners.set(id, tenant);
    }
  }
}
