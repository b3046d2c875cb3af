import { formatPublicKey } from "@countersign/near";
import fc from "fast-check";
import { actions, PublicKey } from "near-api-js";
import { describe, expect, it } from "vitest";
import { KEY, outcome, policyFrom, RELAYER, transaction } from "../support/policy-checks.ts";
import { delegateAction, transactionBytes } from "../support/transactions.ts";

/** Allows something of every kind, so that mutated bytes reach every rule. */
const POLICY = policyFrom({
  deposit_per_day: "1000",
  delegates: { max_deposit: "10", receivers: [{ account: "app.testnet", methods: ["vote"] }] },
  account_creation: {
    suffixes: [`.${RELAYER}`, ".testnet"],
    registrar: { account: "testnet", method: "create_account" },
    max_deposit: "10",
  },
  key_management: true,
  transfers: { receivers: ["alice.testnet"], max_deposit: "10" },
});
const FACTS = { keyManagementFacts: async () => ({ heldRecords: [], grants: [] }) };

const nearKey = PublicKey.from(formatPublicKey(KEY.publicKey));
const registration = { new_account_id: "new.testnet", new_public_key: nearKey.toString() };
/** By near-api-js, each with what the signer makes of it. */
const VALID: [string, Uint8Array, string][] = [
  ["a transfer", transactionBytes(nearKey), "TRANSFER"],
  ["a delegate", transactionBytes(nearKey, { actions: [await delegateAction()] }), "DELEGATE"],
  [
    "a delegate under secp256k1",
    transactionBytes(nearKey, { actions: [await delegateAction({ curve: "secp256k1" })] }),
    "DELEGATE",
  ],
  [
    "a sub-account",
    transactionBytes(nearKey, {
      receiverId: `new.${RELAYER}`,
      actions: [actions.createAccount(), actions.transfer(10n), actions.addFullAccessKey(nearKey)],
    }),
    "ACCOUNT_CREATION",
  ],
  [
    "a registrar's call",
    transactionBytes(nearKey, {
      receiverId: "testnet",
      actions: [actions.functionCall("create_account", registration, 30_000_000_000_000n, 10n)],
    }),
    "ACCOUNT_CREATION",
  ],
  [
    "a stranger's AddKey",
    transactionBytes(nearKey, { receiverId: RELAYER, actions: [actions.addFullAccessKey(nearKey)] }),
    "SIGNER_POLICY_DENIED",
  ],
  [
    "a DeleteAccount",
    transactionBytes(nearKey, { receiverId: RELAYER, actions: [actions.deleteAccount("mallory.testnet")] }),
    "SIGNER_PURPOSE_NOT_ALLOWED",
  ],
];

const PURPOSES = ["DELEGATE", "ACCOUNT_CREATION", "TRANSFER"];
const ANSWER = /^(DELEGATE|ACCOUNT_CREATION|TRANSFER|SIGNER_[A-Z_]+)$/;

describe("bytes that near-api-js makes", () => {
  it.each(VALID)("of %s are understood", async (_, bytes, expected) => {
    expect(await outcome(bytes, POLICY, FACTS)).toBe(expected);
  });
});

describe("bytes from anywhere", () => {
  it("are answered with a reason when they are random, and never signed", async () => {
    const random = fc.uint8Array({ maxLength: 512 });
    // After a good beginning, random bytes get as far as the actions.
    const prefix = transaction().subarray(0, -21);
    const begun = random.map((rest) => Uint8Array.from([...prefix, ...rest]));
    await fc.assert(
      fc.asyncProperty(fc.oneof(random, begun), async (bytes) => {
        const answer = await outcome(bytes, POLICY, FACTS);
        expect(answer).toMatch(ANSWER);
        expect(["DELEGATE", "ACCOUNT_CREATION", "KEY_MANAGEMENT"]).not.toContain(answer);
      }),
      { numRuns: 2_000 },
    );
  });

  it("are answered with a reason or a purpose when good ones are altered, cut or extended", async () => {
    const mutation = fc.record({
      of: fc.constantFrom(...VALID),
      at: fc.nat(),
      to: fc.uint8Array({ maxLength: 16 }),
      cut: fc.nat({ max: 16 }),
    });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ of: [, bytes], at, to, cut }) => {
        const from = at % bytes.length;
        const mutated = Uint8Array.from([...bytes.subarray(0, from), ...to, ...bytes.subarray(from + cut)]);
        expect(await outcome(mutated, POLICY, FACTS)).toMatch(ANSWER);
      }),
      { numRuns: 4_000 },
    );
  });

  it("of a delegate are refused with any byte of the sender's part altered", async () => {
    const bytes = transactionBytes(nearKey, { actions: [await delegateAction()] });
    // It stands at the end, after a head like that of a transfer, a count and a tag; a transfer's deposit has 16 bytes.
    const start = transaction().length - 16;
    for (let i = start; i < bytes.length; i++) {
      const altered = Uint8Array.from(bytes);
      altered[i] = (bytes[i] ?? 0) ^ 1;
      expect(PURPOSES).not.toContain(await outcome(altered, POLICY, FACTS));
    }
  });
});
