import { describe, expect, it } from "vitest";
import { configuredKeys, type HeldKey, isRetired, keyUse, laneKeys } from "./lane-keys.ts";

const NETWORK = "testnet";
const ACCOUNT = "relay.testnet";

function held(keyId: string, changes: Partial<HeldKey> = {}): HeldKey {
  const state = changes.state ?? "ACTIVE";
  const paused = changes.paused ?? false;
  const names = { network: NETWORK, accountId: ACCOUNT, publicKey: `ed25519:${keyId}` };
  return { ...names, keyId, state, paused, signs: state === "ACTIVE" && !paused, ...changes };
}

const key = (keyId: string) => ({
  ...{ network: NETWORK, accountId: ACCOUNT, keyId },
  publicKey: `ed25519:${keyId}`,
});
const relayers = [{ accountId: ACCOUNT, keyIds: ["fixed"], keyIdPrefix: "pool-" }];
const idsOf = (keys: readonly { keyId: string }[]) => keys.map(({ keyId }) => keyId);

describe("the configured keys", () => {
  it("are those that the signer holds, whatever state they are in", () => {
    for (const state of ["PENDING", "ACTIVE", "DRAINED", "RETIRED"] as const) {
      expect(configuredKeys(NETWORK, relayers, [held("fixed", { state })])).toEqual([key("fixed")]);
    }
  });

  it.each([
    ["not held", []],
    ["another account's", [held("fixed", { accountId: "other.testnet" })]],
    ["on another network", [held("fixed", { network: "mainnet" })]],
  ])("are an error where one is %s", (_, keys) => {
    expect(() => configuredKeys(NETWORK, relayers, keys)).toThrow('"fixed"');
  });
});

describe("the keys with lanes", () => {
  const idsFor = (keys: readonly HeldKey[], of = relayers) =>
    idsOf(laneKeys(NETWORK, of, [key("fixed")], keys));

  it("are the configured ones until they are retired", () => {
    for (const shown of [
      [],
      [held("fixed", { state: "PENDING" })],
      [held("fixed", { publicKey: "other" })],
    ]) {
      expect(idsFor(shown)).toEqual(["fixed"]);
    }
    expect(idsFor([held("fixed", { state: "RETIRED" })])).toEqual([]);
    // Another key has taken its name.
    expect(idsFor([held("fixed", { state: "RETIRED", publicKey: "other" })])).toEqual(["fixed"]);
  });

  it("are those with the prefix that are active or drained, paused or not", () => {
    const shown = [
      held("pool-a"),
      held("pool-b", { paused: true }),
      held("pool-c", { state: "DRAINED" }),
      held("pool-d", { state: "PENDING" }),
      held("pool-e", { state: "RETIRED" }),
      held("pool-f", { accountId: "other.testnet" }),
      held("pool-g", { network: "mainnet" }),
      held("another-pool-h"),
    ];
    expect(idsFor(shown)).toEqual(["fixed", "pool-a", "pool-b", "pool-c"]);
    expect(idsFor(shown, [{ ...relayers[0], keyIdPrefix: undefined } as never])).toEqual(["fixed"]);
  });

  it("have a configured one with the prefix once, and as it was configured", () => {
    const of = [{ accountId: ACCOUNT, keyIds: ["pool-a"], keyIdPrefix: "pool-" }];
    const configured = [key("pool-a")];
    expect(laneKeys(NETWORK, of, configured, [held("pool-a")])).toEqual(configured);
    expect(laneKeys(NETWORK, of, configured, [held("pool-a", { state: "RETIRED" })])).toEqual([]);
    expect(laneKeys(NETWORK, of, configured, [held("pool-a", { publicKey: "other" })])).toEqual(configured);
  });
});

it.each([
  ["signs", held("k"), true],
  ["waits", held("k", { paused: true }), true],
  ["waits", held("k", { state: "PENDING" }), true],
  ["waits", held("k", { publicKey: "other" }), true],
  ["waits", held("other"), true],
  ["over", held("k", { state: "DRAINED" }), true],
  ["over", held("k", { state: "DRAINED", paused: true }), true],
  ["over", held("k", { state: "RETIRED" }), true],
  ["over", held("k"), false],
] as const)("a key's use is %s for %o, with a lane: %s", (use, shown, hasLane) => {
  expect(keyUse(key("k"), hasLane, [shown])).toBe(use);
});

it("a key is retired when the signer shows that very key so", () => {
  expect(isRetired(key("k"), [held("k", { state: "RETIRED" })])).toBe(true);
  expect(isRetired(key("k"), [held("k"), held("other", { state: "RETIRED" })])).toBe(false);
});
