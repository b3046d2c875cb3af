import type { MessageInitShape } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { LimitsSchema } from "@countersign/gen/countersign/admin/v1/limits_pb.ts";
import { PolicySchema } from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { ApiKeyHasher, DEVELOPMENT_PEPPER, mintApiKey } from "@countersign/server/access/api-key.ts";
import { type AuditEvent, type Ledger, SCOPES, type Scope } from "@countersign/server/ledger/ledger.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { ACTION_KINDS } from "@countersign/server/policy/action-kinds.ts";
import { policyText } from "@countersign/server/policy/policy-document.ts";
import type { SignInSettings } from "@countersign/server/session/ports.ts";
import { limitsText } from "@countersign/server/tenant/limits.ts";
import { Secret } from "@countersign/service-kit";

/** The tenant of every test that is not about tenants. It may do all that the relay does. */
export const TEST_TENANT = "test";

const minted = mintApiKey((length) => Buffer.alloc(length, 7));

/** A key of the test tenant's, with every scope. */
export const TEST_API_KEY: string = minted.text.reveal();

/** The headers of a call by the test tenant. */
export const AUTH: Readonly<Record<string, string>> = { authorization: `Bearer ${TEST_API_KEY}` };

/** Origins from which the test tenant's users call. */
export const TEST_ORIGIN = "https://wallet.example";

/** All kinds of actions, receivers, methods and amounts. */
export const OPEN_POLICY: MessageInitShape<typeof PolicySchema> = {
  allowedOrigins: [TEST_ORIGIN],
  delegates: {
    allow: [{ receiver: "*" }],
    actionKinds: [...ACTION_KINDS],
    maxDeposit: "9".repeat(39),
  },
  accounts: { suffixes: [".relay.test", ".registrar.test"], maxInitialBalance: "9".repeat(39) },
};

export interface SeededTenant {
  readonly tenant: string;
  readonly policy?: MessageInitShape<typeof PolicySchema> | undefined;
  readonly limits?: MessageInitShape<typeof LimitsSchema> | undefined;
  readonly keys?: readonly SeededKey[];
  readonly signIn?: SignInSettings | undefined;
}

export interface SeededKey {
  /** As `mintApiKey` gave it. */
  readonly minted: ReturnType<typeof mintApiKey>;
  readonly scopes?: readonly Scope[];
  readonly expiresAt?: Date;
}

/** Opens the ledger, stores tenants as an operator would, and closes it. Repeating it changes nothing. */
export async function seedTenants(
  ledgerUrl: string,
  tenants: readonly SeededTenant[] = [{ tenant: TEST_TENANT, policy: OPEN_POLICY, keys: [{ minted }] }],
): Promise<void> {
  const ledger = await openLedger(new Secret(ledgerUrl));
  try {
    for (const tenant of tenants) await seed(ledger, tenant);
  } finally {
    await ledger.close();
  }
}

async function seed(ledger: Ledger, seeded: SeededTenant): Promise<void> {
  const { tenant, policy, limits, keys = [], signIn } = seeded;
  const at = new Date();
  const audit: AuditEvent = { tenant, kind: "test.seeded", actor: "test", at, detail: {} };
  const made = await ledger.createTenant({ id: tenant, displayName: "", createdAt: at }, audit);
  if (made.outcome !== "created") return;
  if (signIn !== undefined) await ledger.updateTenant(tenant, 1n, { signIn }, audit);
  const document = { tenant, author: "test", createdAt: at };
  if (policy !== undefined) {
    const text = policyText(create(PolicySchema, policy));
    await ledger.putDocument({ ...document, kind: "policy", text }, 0n, audit);
  }
  if (limits !== undefined) {
    const text = limitsText(create(LimitsSchema, limits));
    await ledger.putDocument({ ...document, kind: "limits", text }, 0n, audit);
  }
  const hasher = new ApiKeyHasher([new Secret(DEVELOPMENT_PEPPER)]);
  for (const { minted, scopes = SCOPES, expiresAt = null } of keys) {
    const key = {
      id: minted.id,
      tenant,
      displayName: "",
      scopes,
      secretHash: hasher.hash(minted),
      createdAt: at,
      expiresAt,
      revokedAt: null,
      lastUsedAt: null,
      rotatedFrom: null,
    };
    await ledger.createApiKey(key, null, audit);
  }
}
