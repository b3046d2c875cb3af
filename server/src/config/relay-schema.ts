import { isValidAccountId } from "@countersign/near";
import type { Environment } from "@countersign/service-kit";
import { z } from "zod";
import { commonProblems, commonSections, deadlinesInOrder, serverLimits } from "./common-sections.ts";
import { nearFields } from "./near-section.ts";
import { poolProblems, poolSection } from "./pool-section.ts";
import { fundedProductionProblems } from "./production-rules.ts";
import { signerSchema } from "./signer-schema.ts";
import { webhooksSection } from "./webhooks-section.ts";
import { type Problem, withProblems } from "./with-problems.ts";

/** The contract's own bound on a SignedDelegate, in bytes. */
const MAX_DELEGATE_BYTES = 131_072;

const account = z.string().refine(isValidAccountId, "must be a NEAR account id");
const suffix = z
  .string()
  .refine((s) => s.startsWith(".") && isValidAccountId(s.slice(1)), 'must be "." and an account id');

/** A whole number in quotes: YAML's own numbers lose digits. */
const amount = z
  .string("must be a decimal string, in quotes")
  .regex(/^(0|[1-9][0-9]{0,38})$/, "must be a decimal string of at most 39 digits")
  .transform(BigInt);

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
  return withProblems(
    z.strictObject({
      ...commonSections(env),
      network: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be a network's name, for example testnet"),
      signer: signerSchema(env),
      near: z.strictObject({
        ...nearFields(env),
        transaction_validity_blocks: z.int().min(1).default(86_400),
        stall_ms: z.int().min(0).max(3_600_000).default(30_000),
      }),
      relayers: z
        .array(
          z
            .strictObject({
              account_id: account,
              key_ids: z.array(z.string().min(1).max(64)),
              pool: poolSection.optional(),
            })
            .refine((relayer) => relayer.key_ids.length > 0 || relayer.pool !== undefined, {
              path: ["key_ids"],
              message: "must name a key where there is no pool",
            }),
        )
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
      balance,
      limits: z
        .strictObject({
          ...serverLimits,
          max_open_submissions: z.int().min(1).max(1_000_000).default(10_000),
        })
        .prefault({})
        .refine(...deadlinesInOrder),
      threshold: z.strictObject({ enabled: z.boolean().default(false) }).prefault({}),
      lock: z.strictObject({ enabled: z.boolean().default(false) }).prefault({}),
      webhooks: webhooksSection(env),
      lanes: z
        .strictObject({
          window: z.int().min(1).max(1024).default(16),
          lease_ms: z.int().min(100).max(600_000).default(5000),
        })
        .prefault({}),
    }),
    env,
    (config) => [...commonProblems(config), ...crossChecks(config)],
    fundedProductionProblems,
  );
}

interface CrossChecked {
  relayers: { account_id: string; key_ids: string[]; pool?: { key_id_prefix: string } | undefined }[];
  account_creation?: { mode: string; suffixes: string[] } | undefined;
  delegates: { max_bytes: number };
  limits: { read_max_bytes: number };
}

/** What one section says about another. */
function* crossChecks(config: CrossChecked): Generator<Problem> {
  const accounts = config.relayers.map((r) => r.account_id);
  if (new Set(accounts).size < accounts.length) {
    yield { path: ["relayers"], message: "must name each account once" };
  }
  const keys = config.relayers.flatMap((r) => r.key_ids);
  if (new Set(keys).size < keys.length) yield { path: ["relayers"], message: "must name each key id once" };
  yield* poolProblems(config.relayers);

  const creation = config.account_creation;
  for (const [i, suffix] of (creation?.mode === "sub_account" ? creation.suffixes : []).entries()) {
    if (accounts.includes(suffix.slice(1))) continue;
    const message = `needs relayer ${suffix.slice(1)}: only an account itself can create its sub-accounts`;
    yield { path: ["account_creation", "suffixes", i], message };
  }
  // A delegate travels in base64 inside of JSON, with a few other fields.
  if (config.limits.read_max_bytes < (config.delegates.max_bytes * 4) / 3 + 16_384) {
    yield {
      path: ["limits", "read_max_bytes"],
      message: "is too small for a delegate of delegates.max_bytes",
    };
  }
}
