import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { describe, expect, it } from "vitest";
import type { AdminGrant, KeyPoolGrant } from "../grants/admin-grants.ts";
import type { AccountKey } from "../keys/account-standing.ts";
import { type PoolFacts, permitActivate, permitDrain, permitGenerate, permitRetire } from "./pool-rules.ts";

const NOW = new Date("2030-01-02T00:00:00Z");
const HOUR_MS = 3_600_000;
const POOL: KeyPoolGrant = { keyIdPrefix: "pool-", backend: "hsm", maxKeys: 3, minActive: 1 };

function key(keyId: string, fields: Partial<AccountKey> = {}): AccountKey {
  return {
    keyId,
    network: "testnet",
    accountId: "relay.testnet",
    publicKey: `ed25519:${keyId}`,
    backend: "hsm",
    reference: keyId,
    state: "ACTIVE",
    pauseReason: null,
    nonceFloor: 1n,
    highestNonce: null,
    madeAt: null,
    isMadeInThisLife: false,
    ...fields,
  };
}

function grant(id: string, pool: Partial<KeyPoolGrant> | null = {}, accountId = "relay.testnet"): AdminGrant {
  const allows = {
    kind: "key_management",
    network: "testnet",
    accountId,
    mayAdd: true,
    mayDelete: true,
  } as const;
  const rest = { id, audience: "signer-1", notBefore: new Date(0), expiresAt: new Date(8e14) };
  return { ...rest, allows: pool === null ? allows : { ...allows, pool: { ...POOL, ...pool } } };
}

function facts(fields: Partial<PoolFacts> = {}): PoolFacts {
  return {
    network: "testnet",
    accountId: "relay.testnet",
    keys: [],
    claimed: [],
    grants: [grant("g")],
    isServed: () => true,
    hasPolicyOfPrefix: () => true,
    now: NOW,
    ...fields,
  };
}

/** The grant that allows it, or why none does. */
function outcome(ask: () => { grantId: string }): string {
  try {
    return ask().grantId;
  } catch (error) {
    if (!(error instanceof DomainError) || error.reason !== ErrorReason.SIGNER_POLICY_DENIED) throw error;
    return error.message;
  }
}

const generate = (keyId: string, fields: Partial<PoolFacts>) =>
  outcome(() => permitGenerate({ keyId, network: "testnet", accountId: "relay.testnet" }, facts(fields)));
const three = [key("a"), key("pool-1", { state: "PENDING" }), key("pool-2")];

describe("a key is made for a relay", () => {
  it.each<[string, string, Partial<PoolFacts>, string]>([
    ["within the grant", "pool-3", {}, "g"],
    ["not without a grant", "pool-3", { grants: [] }, "no admin grant"],
    ["not by one without a pool", "pool-3", { grants: [grant("g", null)] }, "no admin grant"],
    [
      "not by one for another account",
      "pool-3",
      { grants: [grant("g", {}, "bob.testnet")] },
      "no admin grant",
    ],
    ["not on another network", "pool-3", { network: "mainnet" }, "no admin grant"],
    ["not under another name", "relayer-3", {}, "begin with pool-"],
    ["up to max_keys", "pool-3", { keys: three.slice(1) }, "g"],
    ["not beyond max_keys", "pool-3", { keys: three }, "allows 3"],
    [
      "not beyond it with those being made",
      "pool-3",
      { keys: three.slice(1), claimed: ["pool-9"] },
      "allows 3",
    ],
    ["and its own claim does not count", "pool-3", { keys: three.slice(1), claimed: ["pool-3"] }, "g"],
    ["nor a claim that was entered", "pool-3", { keys: three.slice(1), claimed: ["pool-2"] }, "g"],
    ["and a repeat does not count", "pool-1", { keys: three }, "g"],
    [
      "nor keys that are drained or retired",
      "pool-3",
      { keys: [...three.slice(1), key("c", { state: "DRAINED" }), key("d", { state: "RETIRED" })] },
      "g",
    ],
    [
      "not without the prefix's policy",
      "pool-3",
      { hasPolicyOfPrefix: () => false },
      "for all keys of pool-*",
    ],
    [
      "by the grant whose prefix has its policy",
      "pool-3",
      {
        grants: [grant("g", { keyIdPrefix: "p" }), grant("h")],
        hasPolicyOfPrefix: ({ keyId }, prefix) => keyId === "pool-3" && prefix === "pool-",
      },
      "h",
    ],
    [
      "by the grant that has room",
      "pool-3",
      { keys: three, grants: [grant("g"), grant("h", { maxKeys: 4 })] },
      "h",
    ],
  ])("%s", (_, keyId, fields, says) => expect(generate(keyId, fields)).toContain(says));

  it("so many times a day", () => {
    const retired = (count: number, ago: number) =>
      Array.from({ length: count }, (_, i) =>
        key(`pool-${ago}-${i}`, { state: "RETIRED", madeAt: new Date(NOW.getTime() - ago * HOUR_MS) }),
      );
    expect(generate("pool-x", { keys: [...retired(31, 1), ...retired(9, 24)] })).toBe("g");
    expect(generate("pool-x", { keys: retired(32, 23) })).toContain("within a day");
    expect(generate("pool-x", { keys: retired(31, 23), claimed: ["pool-y"] })).toContain("within a day");
    expect(generate("pool-x", { keys: retired(32, 23), grants: [grant("g", { maxKeys: 17 })] })).toBe("g");
  });
});

describe("a relay activates a key", () => {
  const pending = { state: "PENDING", nonceFloor: null, isMadeInThisLife: true } as const;
  it.each<[string, AccountKey, string]>([
    ["that it had made", key("pool-1", pending), "g"],
    ["not of another name", key("relayer-1", pending), "begin with pool-"],
    ["not while it is paused", key("pool-1", { ...pending, pauseReason: "incident" }), "paused: incident"],
    ["not from before", key("pool-1", { ...pending, isMadeInThisLife: false }), "an operator activates it"],
    ["that is active, whoever activated it", key("pool-1", { pauseReason: "incident" }), "g"],
    ["not one of another name that is active", key("relayer-1"), "begin with pool-"],
  ])("%s", (_, asked, says) => {
    expect(outcome(() => permitActivate(asked, facts({ keys: [asked] })))).toContain(says);
  });

  it("not without the prefix's policy, unless it is active", () => {
    const hasPolicyOfPrefix = () => false;
    const [first, second] = [key("pool-1", pending), key("pool-2")];
    const activate = (asked: AccountKey) =>
      outcome(() => permitActivate(asked, facts({ keys: [first, second], hasPolicyOfPrefix })));
    expect(activate(first)).toContain("for all keys of pool-*");
    expect(activate(second)).toBe("g");
  });
});

describe("a relay drains a key", () => {
  const asked = key("a");
  const drain = (others: AccountKey[], fields: Partial<PoolFacts> = {}, one = asked) =>
    outcome(() => permitDrain(one, facts({ keys: [one, ...others], ...fields })));

  it("while enough others can sign", () => {
    expect(drain([key("b")])).toBe("g");
    expect(drain([key("b")], { grants: [grant("g", { minActive: 2 })] })).toContain("has 1 keys");
    expect(drain([key("b"), key("c")], { grants: [grant("g", { minActive: 2 })] })).toBe("g");
  });

  it.each<[string, Partial<AccountKey>]>([
    ["is pending", { state: "PENDING" }],
    ["is drained", { state: "DRAINED" }],
    ["is paused", { pauseReason: "incident" }],
    ["has no floor", { nonceFloor: null }],
  ])("and one that %s is no such other", (_, fields) => {
    expect(drain([key("b", fields)])).toContain("has 0 keys");
  });

  it("nor one without a policy, or that the signer does not hold", () => {
    expect(drain([key("b")], { isServed: ({ keyId }) => keyId === "a" })).toContain("has 0 keys");
  });

  it("not while it is paused, and one that is drained stays so", () => {
    expect(drain([key("b")], {}, key("a", { pauseReason: "incident" }))).toContain("paused: incident");
    expect(drain([], {}, key("a", { state: "DRAINED" }))).toBe("g");
  });
});

describe("a relay retires a key", () => {
  it.each<[string, AccountKey, string]>([
    ["of its own that is pending", key("pool-1", { state: "PENDING" }), "g"],
    ["that is drained, whose ever", key("a", { state: "DRAINED", pauseReason: "incident" }), "g"],
    ["that is retired", key("a", { state: "RETIRED" }), "g"],
    ["not an operator's that is pending", key("a", { state: "PENDING" }), "begin with pool-"],
  ])("%s", (_, asked, says) => {
    expect(outcome(() => permitRetire(asked, facts({ keys: [asked] })))).toContain(says);
  });
});
