import { expect, it } from "vitest";
import type { HeldKey } from "../lanes/lane-pool.ts";
import type { KeyOperation } from "../ledger/ledger.ts";
import type { StepContext } from "./step-context.ts";
import { takeStep } from "./take-step.ts";

const held: HeldKey = {
  ...{ keyId: "pool-1", network: "testnet", accountId: "relay.testnet", publicKey: "ed25519:pool-1" },
  ...{ state: "PENDING", paused: false, signs: false },
};

/** What the signer is told in a step of an operation, as somebody wrote it into the ledger. */
async function toldIn(operation: Partial<KeyOperation>): Promise<string[]> {
  const told: string[] = [];
  const act = (name: string) => async () => {
    told.push(name);
    return held;
  };
  const context: StepContext = {
    signer: {
      generate: act("generate"),
      activate: act("activate"),
      drain: act("drain"),
      retire: act("retire"),
    },
    listKeys: async () => [held],
    changes: { submit: () => Promise.reject(new Error("no change")), find: async () => undefined },
    chain: {
      find: async () => "present",
      isGone: async () => false,
      view: async () => ({ nonce: 7n, permission: { kind: "FullAccess" } }),
    },
    ledger: { openByKey: async () => new Map(), openKeyChange: async () => undefined },
    refreshLanes: async () => undefined,
    now: () => new Date(0),
  };
  const whole = {
    ...{ id: "kop_1", network: "testnet", accountId: "relay.testnet", newKeyId: "", newPublicKey: "" },
    ...{ oldKeyId: "", oldPublicKey: "", ...operation },
  } as KeyOperation;
  await takeStep(whole, context, new AbortController().signal).catch((error: unknown) => {
    expect(String(error)).toMatch(/is not the one|holds no key/);
    told.push("problem");
  });
  return told;
}

const activating = { step: "ACTIVATING", newKeyId: "pool-1", newPublicKey: "ed25519:pool-1" } as const;
const retiring = { step: "RETIRING", oldKeyId: "pool-1", oldPublicKey: "ed25519:pool-1" } as const;

it("activates and retires the keys that operations are about", async () => {
  expect(await toldIn(activating)).toEqual(["activate"]);
  expect(await toldIn(retiring)).toEqual(["retire"]);
});

it.each<[string, Partial<KeyOperation>]>([
  [
    "another public key, which the chain has, beside the new key",
    { ...activating, newPublicKey: "ed25519:x" },
  ],
  ["another account beside the new key", { ...activating, accountId: "bob.testnet" }],
  ["a new key that the signer does not hold", { ...activating, newKeyId: "pool-2" }],
  ["another public key beside the old key", { ...retiring, oldPublicKey: "ed25519:x" }],
  ["another network beside the old key", { ...retiring, network: "mainnet" }],
  ["an old key that the signer does not hold", { ...retiring, oldKeyId: "pool-2" }],
])("tells the signer nothing where an operation names %s", async (_, operation) => {
  expect(await toldIn(operation)).toEqual(["problem"]);
});
