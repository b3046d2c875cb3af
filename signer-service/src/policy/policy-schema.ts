import { isValidAccountId, type NonDelegateAction } from "@countersign/near";
import { z } from "zod";
import { isMethodPattern, isReceiverPattern } from "./name-patterns.ts";
import type { KeyPolicies, KeyPolicy } from "./policy.ts";

/** Actions of one transaction that NEAR takes (nearcore, limit_config: max_actions_per_receipt). */
const MAX_ACTIONS = 100;
const MAX_RECEIVERS = 1_000;
const MAX_METHODS = 256;
const MAX_SUFFIXES = 64;

const ACTION_KINDS = [
  "CreateAccount",
  "DeployContract",
  "FunctionCall",
  "Transfer",
  "Stake",
  "AddKey",
  "DeleteKey",
  "DeleteAccount",
] as const satisfies readonly NonDelegateAction["kind"][];

const account = z.string().refine(isValidAccountId, "must be a NEAR account id");
const suffix = z
  .string()
  .refine((s) => s.startsWith(".") && isValidAccountId(s.slice(1)), 'must be "." and an account id');
const receiverPattern = z
  .string()
  .refine(isReceiverPattern, 'must be an account id, "*." and an account id, "*" or "@sender"');
const methodPattern = z.string().refine(isMethodPattern, 'must be a method, "*" and an ending, or "*"');

/** A whole number in quotes: YAML's own numbers lose digits. */
const amount = z
  .string("must be a decimal string, in quotes")
  .regex(/^(0|[1-9][0-9]{0,38})$/, "must be a decimal string of at most 39 digits")
  .transform(BigInt);

const delegates = z.strictObject({
  max_gas: amount.default(300_000_000_000_000n),
  max_deposit: amount.default(0n),
  receivers: z
    .array(
      z.strictObject({
        account: receiverPattern,
        methods: z.array(methodPattern).max(MAX_METHODS).default([]),
      }),
    )
    .min(1)
    .max(MAX_RECEIVERS),
  actions: z.array(z.enum(ACTION_KINDS)).min(1).default(["FunctionCall"]),
});

const accountCreation = z.strictObject({
  suffixes: z.array(suffix).min(1).max(MAX_SUFFIXES),
  registrar: z
    .strictObject({
      account,
      method: z.string().min(1).max(256),
      extra_arguments: z.boolean().default(false),
    })
    .optional(),
  max_deposit: amount.default(0n),
  max_gas: amount.default(100_000_000_000_000n),
});

const transfers = z.strictObject({
  receivers: z.array(account).min(1).max(MAX_RECEIVERS),
  max_deposit: amount,
});

const keyPolicy = z
  .strictObject({
    network: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, "must be a network's name, for example testnet"),
    account_id: account,
    rate: z
      .strictObject({
        per_second: z.number().min(0.001).max(1_000_000).default(50),
        burst: z.int().min(1).max(1_000_000).default(200),
      })
      .prefault({}),
    deposit_per_day: amount.optional(),
    gas_per_day: amount,
    max_actions: z.int().min(1).max(MAX_ACTIONS).default(MAX_ACTIONS),
    delegates: delegates.optional(),
    account_creation: accountCreation.optional(),
    key_management: z.boolean().default(false),
    transfers: transfers.optional(),
  })
  .superRefine((policy, context) => {
    const sections = [policy.delegates, policy.account_creation, policy.transfers];
    if (policy.deposit_per_day !== undefined || sections.every((s) => (s?.max_deposit ?? 0n) === 0n)) return;
    const message = "is needed where a max_deposit is above 0";
    context.addIssue({ code: "custom", path: ["deposit_per_day"], message });
  })
  .transform((policy): KeyPolicy => {
    const { delegates, account_creation: creation, transfers } = policy;
    return {
      network: policy.network,
      accountId: policy.account_id,
      rate: { perSecond: policy.rate.per_second, burst: policy.rate.burst },
      depositPerDay: policy.deposit_per_day ?? 0n,
      gasPerDay: policy.gas_per_day,
      maxActions: policy.max_actions,
      delegates: delegates && {
        maxGas: delegates.max_gas,
        maxDeposit: delegates.max_deposit,
        receivers: delegates.receivers,
        actions: delegates.actions,
      },
      accountCreation: creation && {
        suffixes: creation.suffixes,
        registrar: creation.registrar && {
          account: creation.registrar.account,
          method: creation.registrar.method,
          extraArguments: creation.registrar.extra_arguments,
        },
        maxDeposit: creation.max_deposit,
        maxGas: creation.max_gas,
      },
      keyManagement: policy.key_management,
      transfers: transfers && { receivers: transfers.receivers, maxDeposit: transfers.max_deposit },
    };
  });

const keyId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}\*?$/, 'must be a key id, or how key ids begin and "*"');

/**
 * The configuration's `policies`: what each key may sign, by key id or, with "*" at the end, by how the ids begin. A key
 * that is not named signs nothing.
 */
export const policiesSection = z.record(keyId, keyPolicy).default({}) satisfies z.ZodType<KeyPolicies>;
