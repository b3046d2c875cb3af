import { describe, expect, it } from "vitest";
import { policyFrom } from "../../../tests/signer/support/policy-checks.ts";
import { hasPolicy, hasPolicyOfPrefix, type KeyPolicies, policyOf } from "./policy.ts";
import { findPolicyConflict } from "./policy-conflict.ts";
import { policiesSection } from "./policy-schema.ts";

const RECEIVERS = [{ account: "app.testnet" }];

describe("a policy", () => {
  it("that names only its network, its account and its gas allows nothing, and moves nothing", () => {
    expect(policyFrom({})).toEqual({
      network: "testnet",
      accountId: "relay.testnet",
      rate: { perSecond: 50, burst: 200 },
      depositPerDay: 0n,
      gasPerDay: 1_000n,
      maxActions: 100,
      delegates: undefined,
      accountCreation: undefined,
      keyManagement: false,
      transfers: undefined,
    });
  });

  it("for delegates allows no method, no deposit and calls alone unless it says more", () => {
    expect(policyFrom({ delegates: { receivers: RECEIVERS } }).delegates).toEqual({
      maxGas: 300_000_000_000_000n,
      maxDeposit: 0n,
      receivers: [{ account: "app.testnet", methods: [] }],
      actions: ["FunctionCall"],
    });
  });

  it.each([
    ["an unknown field", { delegate: {} }],
    ["an unknown field below", { delegates: { receivers: RECEIVERS, reciever: 1 } }],
    ["no receivers", { delegates: { receivers: [] } }],
    ["a receiver that is no pattern", { delegates: { receivers: [{ account: "app*" }] } }],
    [
      "a kind of action that NEAR does not have",
      { delegates: { receivers: RECEIVERS, actions: ["Delegate"] } },
    ],
    ["an amount without quotes", { deposit_per_day: 1 }],
    ["no account", { account_id: undefined }],
    ["no gas for the day", { gas_per_day: undefined }],
    ["more actions than the chain takes", { max_actions: 101 }],
    ["a suffix without its dot", { account_creation: { suffixes: ["relay.testnet"] } }],
    ["a pattern as the receiver of transfers", { transfers: { receivers: ["*"], max_deposit: "0" } }],
    ["a deposit without a bound for the day", { transfers: { receivers: ["a.near"], max_deposit: "1" } }],
  ])("may not have %s", (_, fields) => {
    const parsed = policiesSection.safeParse({
      "relayer-1": { network: "testnet", account_id: "relay.testnet", gas_per_day: "1", ...fields },
    });
    expect(parsed.success).toBe(false);
  });

  it("is nobody's under a name that every object has", () => {
    expect(policyOf(policiesSection.parse(undefined), "constructor")).toBeUndefined();
    const named = JSON.parse(
      '{"__proto__": {"network": "testnet", "account_id": "relay.testnet", "gas_per_day": "1"}}',
    );
    expect(policyOf(policiesSection.parse(named), "__proto__")).toBeUndefined();
  });
});

describe("a policy whose name ends in *", () => {
  const [one, pool, ours] = [{}, { max_actions: 2 }, { max_actions: 3 }].map((fields) => policyFrom(fields));
  const policies = { "pool-1": one, "pool-*": pool, "pool-ours-*": ours } as KeyPolicies;

  it.each([
    ["its own name goes first", "pool-1", one],
    ["is for ids that begin so", "pool-12", pool],
    ["the longest goes before a shorter one", "pool-ours-1", ours],
    ["is also for the beginning alone", "pool-", pool],
    ["is for no other id", "relayer-1", undefined],
    ["is for none that is shorter", "pool", undefined],
  ])("%s", (_, keyId, policy) => expect(policyOf(policies, keyId)).toBe(policy));

  it("lets no key of another account or network sign", () => {
    const key = { keyId: "pool-7", network: "testnet", accountId: "relay.testnet" };
    expect(hasPolicy(policies, key)).toBe(true);
    expect(hasPolicy(policies, { ...key, accountId: "bob.testnet" })).toBe(false);
    expect(hasPolicy(policies, { ...key, network: "mainnet" })).toBe(false);
    expect(hasPolicy(policies, { ...key, keyId: "relayer-1" })).toBe(false);
  });

  it.each([
    ["has the policy of its prefix", "pool-12", "pool-", true],
    ["and that of a longer one", "pool-12", "pool-1", true],
    ["not one that its own id alone has", "pool-1", "pool-", false],
    ["nor one of a longer beginning", "pool-ours-1", "pool-", false],
    ["unless the prefix is as long", "pool-ours-1", "pool-ours-", true],
    ["nor none", "relayer-1", "relayer-", false],
  ])("a key %s: %s, %s", (_, keyId, prefix, has) => {
    const key = { keyId, network: "testnet", accountId: "relay.testnet" };
    expect(hasPolicyOfPrefix(policies, key, prefix)).toBe(has);
    expect(hasPolicyOfPrefix(policies, { ...key, accountId: "bob.testnet" }, prefix)).toBe(false);
    expect(hasPolicyOfPrefix(policies, { ...key, network: "mainnet" }, prefix)).toBe(false);
  });

  it.each([
    ["*", false],
    ["pool-*", true],
    ["p*", true],
    ["po*l", false],
    ["pool-**", false],
    [`${"p".repeat(128)}*`, true],
    [`${"p".repeat(129)}*`, false],
  ])("%s: %s", (name, isGood) => {
    const policy = { network: "testnet", account_id: "relay.testnet", gas_per_day: "1" };
    expect(policiesSection.safeParse({ [name]: policy }).success).toBe(isGood);
  });
});

describe("policies conflict with the keys", () => {
  const keys = [{ keyId: "relayer-1", network: "testnet", accountId: "relay.testnet" }];
  const creation = (fields: object) => policyFrom({ account_creation: { ...fields } });

  it.each([
    ["not when they fit", { "relayer-1": creation({ suffixes: [".relay.testnet"] }) }, null],
    ["by a key that is not held", { "relayer-2": policyFrom({}) }, "does not hold"],
    ["by another network", { "relayer-1": policyFrom({ network: "mainnet" }) }, "is for network mainnet"],
    [
      "by another account",
      { "relayer-1": policyFrom({ account_id: "bob.testnet" }) },
      "for account bob.testnet",
    ],
    ["by a suffix of others", { "relayer-1": creation({ suffixes: [".testnet"] }) }, "without a registrar"],
    [
      "not by a suffix that the registrar serves",
      { "relayer-1": creation({ suffixes: [".testnet"], registrar: { account: "testnet", method: "new" } }) },
      null,
    ],
    ["not by a pattern that no key has yet", { "relayer-1": policyFrom({}), "pool-*": policyFrom({}) }, null],
    [
      "by a pattern for another account than a key's",
      { "relayer-*": policyFrom({ account_id: "bob.testnet" }) },
      "for account bob.testnet",
    ],
    [
      "not by a pattern for another account where the key has its own",
      { "relayer-1": policyFrom({}), "relayer-*": policyFrom({ account_id: "bob.testnet" }) },
      null,
    ],
    [
      "by a pattern's suffix of others",
      { "pool-*": creation({ suffixes: [".testnet"] }) },
      "without a registrar",
    ],
  ])("%s", (_, policies, complaint) => {
    const found = findPolicyConflict(policies, keys);
    if (complaint === null) expect(found).toBeNull();
    else expect(found).toContain(complaint);
  });

  it("not by what they say of a retired key", () => {
    const retired = keys.map((key) => ({ ...key, isRetired: true as const }));
    expect(
      findPolicyConflict({ "relayer-*": policyFrom({ account_id: "bob.testnet" }) }, retired),
    ).toBeNull();
  });
});
