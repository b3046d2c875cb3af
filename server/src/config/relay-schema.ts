import { isValidAccountId } from "@countersign/near";
import { type Environment, LOG_LEVELS, networksField, secretField } from "@countersign/service-kit";
import { z } from "zod";
import { isSeed } from "../signing-seed.ts";
import { adminSection } from "./admin-section.ts";
import { ledgerUrl } from "./ledger-url.ts";
import { productionProblems } from "./production-rules.ts";
import { ratesSection } from "./rates-section.ts";
import { redisUrl } from "./redis-url.ts";
import { sessionSection } from "./session-section.ts";
import { signerSchema } from "./signer-schema.ts";

const MAX_PORT = 65_535;
/** The contract's own bound on a SignedDelegate, in bytes. */
const MAX_DELEGATE_BYTES = 131_072;

const account = z.string().refine(isValidAccountId, "must be a NEAR account id");
const suffix = z
  .string()
  .refine((s) => s.startsWith(".") && isValidAccountId(s.slice(1)), 'must be "." and an account id');
const port = z.int().min(0).max(MAX_PORT);
const ms = z.int().min(1).max(3_600_000);
const count = z.int().min(1).max(1_000_000);

/** A whole number in quotes: YAML's own numbers lose digits. */
const amount = z
  .string("must be a decimal string, in quotes")
  .regex(/^(0|[1-9][0-9]{0,38})$/, "must be a decimal string of at most 39 digits")
  .transform(BigInt);

const endpointUrl = z
  .string()
  .refine((s) => /^https?:$/.test(URL.parse(s)?.protocol ?? ""), "must be an http:// or https:// URL")
  .refine((s) => (URL.parse(s)?.username ?? "") === "", "must not carry credentials: put them into headers");

/** Checked here, because the errors of HTTP clients repeat a value that they refuse. */
const headerValue = (env: Environment) =>
  secretField(env).refine(
    (secret) => /^[\x20-\x7e]+$/.test(secret.reveal()),
    "must be one line of printable ASCII",
  );

const auditSeed = (env: Environment) => secretField(env).refine(isSeed, "must be 32 bytes, in hex or base64");

const origin = z
  .string()
  .refine(
    (s) => s !== "*" && /^https?:$/.test(URL.parse(s)?.protocol ?? "") && URL.parse(s)?.origin === s,
    'must be one explicit origin, for example "https://wallet.example"',
  );

const balance = z
  .strictObject({
    accounts_below: amount.default(0n),
    all_below: amount.default(0n),
    resume_percent: z.int().min(100).max(1000).default(110),
    interval_s: z.int().min(1).max(3600).default(5),
  })
  .prefault({})
  .refine((b) => b.accounts_below >= b.all_below, {
    path: ["accounts_below"],
    message: "must be at least all_below",
  });

const accountCreation = z
  .strictObject({
    mode: z.enum(["sub_account", "registrar"]),
    suffixes: z.array(suffix).min(1),
    initial_balance: z
      .strictObject({ min: amount, max: amount, default: amount })
      .refine((b) => b.min <= b.default && b.default <= b.max, "must be min <= default <= max"),
    registrar: z
      .strictObject({
        contract_id: account,
        method: z.string().min(1).max(256),
        gas: amount.default(100_000_000_000_000n),
        passes_registration_args: z.boolean().default(false),
      })
      .optional(),
    veto: z.strictObject({ contract_id: account, method: z.string().min(1).max(256) }).optional(),
  })
  .superRefine(({ mode, registrar }, context) => {
    if ((mode === "registrar") === (registrar !== undefined)) return;
    const message = mode === "registrar" ? "is needed in mode registrar" : "is only for mode registrar";
    context.addIssue({ code: "custom", path: ["registrar"], message });
  });

/** The relay's configuration file. References are read from `env` and the files that they name. */
export function relaySchema(env: Environment) {
  return z
    .strictObject({
      network: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be a network's name, for example testnet"),
      listen: z
        .strictObject({
          host: z.string().min(1).default("127.0.0.1"),
          port: port.default(8080),
          trusted_proxies: networksField.default([]),
        })
        .prefault({}),
      operations: z
        .strictObject({ host: z.string().min(1).default("127.0.0.1"), port: port.default(9090) })
        .prefault({}),
      replicas: z.int().min(1).max(1000).default(1),
      ledger: z.strictObject({ url: ledgerUrl(env).prefault("sqlite:./data/relay.db") }).prefault({}),
      redis: z.strictObject({ url: redisUrl(env) }).optional(),
      signer: signerSchema(env),
      near: z.strictObject({
        endpoints: z
          .array(
            z.strictObject({
              url: endpointUrl,
              headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), headerValue(env)).default({}),
            }),
          )
          .min(1),
        timeout_ms: ms.default(10_000),
        retries: z.int().min(0).max(20).default(3),
        transaction_validity_blocks: z.int().min(1).default(86_400),
      }),
      relayers: z
        .array(z.strictObject({ account_id: account, key_ids: z.array(z.string().min(1).max(64)).min(1) }))
        .min(1),
      delegates: z
        .strictObject({
          max_bytes: z.int().min(1).max(MAX_DELEGATE_BYTES).default(65_536),
          max_actions: z.int().min(1).max(100).default(100),
          max_gas: amount.default(300_000_000_000_000n),
          max_deposit: amount.default(0n),
          // A lane signs nothing that has five blocks or fewer to live.
          min_blocks_ahead: z.int().min(6).default(10),
          max_blocks_ahead: z.int().min(1).default(10_000),
        })
        .prefault({})
        .refine((d) => d.min_blocks_ahead < d.max_blocks_ahead, {
          path: ["min_blocks_ahead"],
          message: "must be below max_blocks_ahead",
        }),
      account_creation: accountCreation.optional(),
      foreign_suffixes: z.array(suffix).optional(),
      cors: z
        .strictObject({ origins: z.array(origin).default([]), credentials: z.boolean().default(false) })
        .prefault({}),
      auth: z.strictObject({ api_key_peppers: z.array(secretField(env)).min(1).optional() }).prefault({}),
      rates: ratesSection,
      balance,
      admin: adminSection(env).optional(),
      session: sessionSection(env).optional(),
      audit: z
        .strictObject({
          signing_seed: auditSeed(env).optional(),
          head_interval_s: z.int().min(1).max(86_400).default(60),
          retention_days: z.int().min(0).max(36_500).default(0),
        })
        .prefault({}),
      limits: z
        .strictObject({
          default_deadline_ms: ms.default(10_000),
          max_deadline_ms: ms.default(60_000),
          read_max_bytes: z.int().min(1024).max(4_194_304).default(262_144),
          max_open_submissions: count.default(10_000),
          max_connections: count.default(4096),
          max_running_calls: count.default(4096),
        })
        .prefault({})
        .refine((l) => l.default_deadline_ms <= l.max_deadline_ms, {
          path: ["default_deadline_ms"],
          message: "must be at most max_deadline_ms",
        }),
      threshold: z.strictObject({ enabled: z.boolean().default(false) }).prefault({}),
      lanes: z
        .strictObject({
          window: z.int().min(1).max(1024).default(16),
          lease_ms: z.int().min(100).max(600_000).default(5000),
        })
        .prefault({}),
      log: z.strictObject({ level: z.enum(LOG_LEVELS).default("info") }).prefault({}),
    })
    .superRefine((config, context) => {
      for (const { path, message } of crossChecks(config))
        context.addIssue({ code: "custom", path, message });
    })
    .superRefine(
      (config, context) => {
        for (const { path, message } of productionProblems(config))
          context.addIssue({ code: "custom", path, message });
      },
      // Whatever else is wrong.
      { when: () => env.NODE_ENV?.trim().toLowerCase() === "production" },
    );
}

interface CrossChecked {
  relayers: { account_id: string; key_ids: string[] }[];
  account_creation?: { mode: string; suffixes: string[] } | undefined;
  delegates: { max_bytes: number };
  limits: { read_max_bytes: number };
  cors: { credentials: boolean };
  session?: { cookies?: unknown } | undefined;
}

/** What one section says about another. */
function* crossChecks(config: CrossChecked): Generator<{ path: (string | number)[]; message: string }> {
  const accounts = config.relayers.map((r) => r.account_id);
  if (new Set(accounts).size < accounts.length) {
    yield { path: ["relayers"], message: "must name each account once" };
  }
  const keys = config.relayers.flatMap((r) => r.key_ids);
  if (new Set(keys).size < keys.length) yield { path: ["relayers"], message: "must name each key id once" };

  const creation = config.account_creation;
  for (const [i, suffix] of (creation?.mode === "sub_account" ? creation.suffixes : []).entries()) {
    if (accounts.includes(suffix.slice(1))) continue;
    const message = `needs relayer ${suffix.slice(1)}: only an account itself can create its sub-accounts`;
    yield { path: ["account_creation", "suffixes", i], message };
  }
  if (config.session?.cookies !== undefined && !config.cors.credentials) {
    const message = "needs cors.credentials: browsers would keep every answer from the page";
    yield { path: ["session", "cookies"], message };
  }
  // A delegate travels in base64 inside of JSON, with a few other fields.
  if (config.limits.read_max_bytes < (config.delegates.max_bytes * 4) / 3 + 16_384) {
    yield {
      path: ["limits", "read_max_bytes"],
      message: "is too small for a delegate of delegates.max_bytes",
    };
  }
}
