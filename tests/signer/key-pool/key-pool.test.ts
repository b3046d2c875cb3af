import { rmSync } from "node:fs";
import type { KeyPoolGrant } from "@countersign/signer-service/grants/admin-grants.ts";
import { PublicKey } from "near-api-js";
import { describe, expect, it } from "vitest";
import { transactionBytes } from "../support/transactions.ts";
import {
  complaint,
  NETWORK,
  newKey,
  outcome,
  type PoolSigner,
  poolConfig,
  startPoolSigner,
} from "./support/pool-signer.ts";

const DENIED = "SIGNER_POLICY_DENIED";
const DAY_MS = 86_400_000;

/** "signed", or why the key signs no transfer with this nonce. */
async function signed({ relay }: PoolSigner, keyId: string, nonce: bigint): Promise<string> {
  const { keys } = await relay.listKeys({});
  const publicKey = keys.find((key) => key.keyId === keyId)?.publicKey ?? "";
  const transaction = transactionBytes(PublicKey.from(publicKey), { nonce });
  const { results } = await relay.signTransactions({
    network: NETWORK,
    transactions: [{ keyId, transaction }],
  });
  const [result] = results.map((one) => one.result);
  return result?.case === "refusal" ? result.value.message : `${result?.case}`;
}

/** Every call, with what it needs to be allowed. */
const CALLS: Record<string, (signer: PoolSigner) => Promise<string>> = {
  generate: ({ pools }) => outcome(pools.generatePoolKey(newKey("pool-1"))),
  activate: ({ pools }) => outcome(pools.activatePoolKey({ keyId: "pool-0", nonceFloor: 7n })),
  drain: ({ pools }) => outcome(pools.drainPoolKey({ keyId: "a" })),
  retire: ({ pools }) => outcome(pools.retirePoolKey({ keyId: "pool-0" })),
};

describe("a relay within its grant", () => {
  it("makes a key, activates it, has it sign, drains and retires it, and repeats every step", async () => {
    const signer = await startPoolSigner();
    await signer.grant("g");
    const { pools } = signer;
    const { key: made } = await pools.generatePoolKey(newKey("pool-1"));
    expect((await pools.generatePoolKey(newKey("pool-1"))).key).toEqual(made);
    for (const nonceFloor of [7n, 99n]) {
      expect(await outcome(pools.activatePoolKey({ keyId: "pool-1", nonceFloor }))).toBe("ACTIVE");
    }
    const { keys } = await signer.admin.getStatus({});
    expect(keys.find(({ key }) => key?.keyId === "pool-1")).toMatchObject({
      nonceFloor: 7n,
      hasPolicy: true,
    });
    expect(await signed(signer, "pool-1", 7n)).toContain("is used");
    expect(await signed(signer, "pool-1", 8n)).toBe("signed");
    for (const _ of "12") expect(await outcome(pools.drainPoolKey({ keyId: "pool-1" }))).toBe("DRAINED");
    expect(await signed(signer, "pool-1", 9n)).toContain("is drained");
    for (const _ of "12") expect(await outcome(pools.retirePoolKey({ keyId: "pool-1" }))).toBe("RETIRED");
    expect(await signer.states()).toEqual({ a: "ACTIVE", b: "ACTIVE", "pool-1": "RETIRED" });
    expect(await outcome(pools.generatePoolKey(newKey("pool-1")))).toBe("RETIRED");
  });

  it("is named in the log", async () => {
    const signer = await startPoolSigner();
    await signer.grant("g");
    await signer.pools.generatePoolKey(newKey("pool-1"));
    expect(signer.logged()).toContain('"key_id":"pool-1","change":"generated","actor":"relay:unix"');
    await signer.pools.drainPoolKey({ keyId: "pool-1" }).catch(() => undefined);
    expect(signer.logged()).toContain("key pool call refused");
  });

  it("finds its keys again after a restart", async () => {
    const config = await poolConfig();
    const first = await startPoolSigner(config);
    await first.grant("g");
    await first.pools.generatePoolKey(newKey("pool-1"));
    await first.pools.generatePoolKey(newKey("pool-2"));
    await first.pools.activatePoolKey({ keyId: "pool-2", nonceFloor: 7n });
    const { keys } = await first.relay.listKeys({});
    await first.drain();

    const signer = await startPoolSigner(config);
    expect((await signer.relay.listKeys({})).keys).toEqual(keys);
    expect(await signed(signer, "pool-2", 8n)).toBe("signed");
    expect(await outcome(signer.pools.activatePoolKey({ keyId: "pool-1", nonceFloor: 7n }))).toBe("ACTIVE");
    expect(await outcome(signer.pools.generatePoolKey(newKey("pool-3")))).toBe(DENIED);
  });

  it("drains and retires an operator's key too", async () => {
    const { grant, pools } = await startPoolSigner();
    await grant("g");
    expect(await outcome(pools.drainPoolKey({ keyId: "a" }))).toBe("DRAINED");
    expect(await outcome(pools.retirePoolKey({ keyId: "a" }))).toBe("RETIRED");
  });
});

describe("a relay without a grant that holds", () => {
  const grants: [string, (signer: PoolSigner) => Promise<unknown>][] = [
    ["none at all", async () => {}],
    ["one that was revoked", ({ admin }) => admin.revokeAdminGrant({ id: "g" })],
    ["one without a pool", ({ grant }) => grant("h", null)],
    [
      "one for another account",
      ({ grant }) => grant("h", {}, { allows: others({ accountId: "bob.testnet" }) }),
    ],
    ["one for another network", ({ grant }) => grant("h", {}, { allows: others({ network: "mainnet" }) })],
    ["one that holds from tomorrow on", ({ grant }) => grant("h", {}, later())],
  ];
  const others = (fields: { accountId?: string; network?: string }) => ({
    kind: "key_management" as const,
    ...{ network: NETWORK, accountId: "relay.testnet", mayAdd: true, mayDelete: true, ...fields },
    pool: { keyIdPrefix: "pool-", backend: "keystore", maxKeys: 4, minActive: 1 },
  });
  const later = () => ({
    notBefore: new Date(Date.now() + DAY_MS),
    expiresAt: new Date(Date.now() + 2 * DAY_MS),
  });

  it.each(grants)("changes nothing: %s", async (_, prepare) => {
    const signer = await startPoolSigner();
    await signer.grant("g");
    await signer.pools.generatePoolKey(newKey("pool-0"));
    await signer.admin.revokeAdminGrant({ id: "g" });
    await prepare(signer);
    const before = await signer.states();
    for (const [name, call] of Object.entries(CALLS)) expect(await call(signer), name).toBe(DENIED);
    expect(await complaint(signer.pools.drainPoolKey({ keyId: "a" }))).toContain("no admin grant");
    expect(await signer.states()).toEqual(before);
  });

  it("could do all of it with one", async () => {
    const signer = await startPoolSigner();
    await signer.grant("g");
    await signer.pools.generatePoolKey(newKey("pool-0"));
    for (const [name, call] of Object.entries(CALLS)) {
      if (name === "retire") await signer.pools.drainPoolKey({ keyId: "pool-0" });
      expect(await call(signer), name).not.toBe(DENIED);
    }
  });
});

describe("a relay gets no more than its grant says:", () => {
  interface Attack {
    readonly pool?: Partial<KeyPoolGrant>;
    readonly before?: (signer: PoolSigner) => Promise<unknown>;
    readonly call: (pools: PoolSigner["pools"]) => Parameters<typeof outcome>[0];
    readonly says: string;
  }
  const drainA: Attack["call"] = (pools) => pools.drainPoolKey({ keyId: "a" });
  const pause =
    (keyId: string) =>
    ({ admin }: PoolSigner) =>
      admin.pauseKey({ keyId, reason: "incident" });
  const theirs = ({ admin }: PoolSigner) => admin.generateKey({ ...newKey("c"), backend: "keystore" });

  it.each<[string, Attack]>([
    [
      "a key of another name",
      { call: (pools) => pools.generatePoolKey(newKey("c")), says: "begin with pool-" },
    ],
    [
      "a key of another account",
      { call: (pools) => pools.generatePoolKey(newKey("pool-1", "bob.testnet")), says: "no admin grant" },
    ],
    [
      "a key beyond max_keys",
      { pool: { maxKeys: 2 }, call: (pools) => pools.generatePoolKey(newKey("pool-1")), says: "allows 2" },
    ],
    [
      "an operator's key active",
      {
        before: theirs,
        call: (pools) => pools.activatePoolKey({ keyId: "c", nonceFloor: 1n }),
        says: "begin with pool-",
      },
    ],
    [
      "an operator's pending key retired",
      { before: theirs, call: (pools) => pools.retirePoolKey({ keyId: "c" }), says: "begin with pool-" },
    ],
    ["a paused key drained", { before: pause("a"), call: drainA, says: "is paused: incident" }],
    [
      "a paused key active",
      {
        before: async (signer) => {
          await signer.pools.generatePoolKey(newKey("pool-1"));
          await pause("pool-1")(signer);
        },
        call: (pools) => pools.activatePoolKey({ keyId: "pool-1", nonceFloor: 1n }),
        says: "is paused: incident",
      },
    ],
    ["a key drained below min_active", { pool: { minActive: 2 }, call: drainA, says: "asks for 2" }],
    [
      "the last key drained but a paused one",
      { before: pause("b"), call: drainA, says: "has 0 keys that can sign" },
    ],
    [
      "the last key drained but one without a policy",
      {
        before: async (signer) => {
          await theirs(signer);
          await signer.admin.activateKey({ keyId: "c", nonceFloor: 1n });
          await signer.admin.drainKey({ keyId: "b" });
        },
        call: drainA,
        says: "has 0 keys that can sign",
      },
    ],
  ])("%s", async (_, { pool = {}, before = async () => {}, call, says }) => {
    const signer = await startPoolSigner();
    await signer.grant("g", pool);
    await before(signer);
    const states = await signer.states();
    expect(await complaint(call(signer.pools))).toContain(says);
    expect(await outcome(call(signer.pools))).toBe(DENIED);
    expect(await signer.states()).toEqual(states);
  });

  it("nor, by the name of a key, another policy than the grant's prefix has", async () => {
    const { policies, ...rest } = await poolConfig();
    const { "pool-*": pool } = policies;
    if (pool === undefined) throw new Error("no policy");
    const narrow = { ...rest, policies: { ...policies, "pool-rich-*": { ...pool, keyManagement: false } } };
    const { grant, pools, states } = await startPoolSigner(narrow);
    await grant("g");
    expect(await outcome(pools.generatePoolKey(newKey("pool-1")))).toBe("PENDING");
    expect(await complaint(pools.generatePoolKey(newKey("pool-rich-1")))).toContain("policy");
    expect(await states()).not.toHaveProperty("pool-rich-1");
  });

  it("nor a key that no configuration goes with: the signer reloads and starts again", async () => {
    const { policies, ...rest } = await poolConfig();
    const { "pool-*": pool } = policies;
    if (pool === undefined) throw new Error("no policy");
    const config = {
      ...rest,
      policies: { ...policies, "pool-bob-*": { ...pool, accountId: "bob.testnet" } },
    };
    const { grant, pools, admin, drain } = await startPoolSigner(config);
    await grant("g");
    expect(await outcome(pools.generatePoolKey(newKey("pool-bob-1")))).toBe(DENIED);
    await admin.reload({});
    await drain();
    await startPoolSigner(config);
  });

  it("nor a key active whose policy became another", async () => {
    const { policies, ...rest } = await poolConfig();
    const { "pool-*": pool } = policies;
    if (pool === undefined) throw new Error("no policy");
    let current = { ...rest, policies };
    const { grant, pools, admin } = await startPoolSigner(current, { readConfig: () => current });
    await grant("g");
    await pools.generatePoolKey(newKey("pool-rich-1"));
    current = { ...rest, policies: { ...policies, "pool-rich-*": { ...pool, maxActions: 1 } } };
    await admin.reload({});
    const activate = pools.activatePoolKey({ keyId: "pool-rich-1", nonceFloor: 1n });
    expect(await outcome(activate)).toBe(DENIED);
  });

  it("nor a key out of its order", async () => {
    const { grant, pools } = await startPoolSigner();
    await grant("g");
    await pools.generatePoolKey(newKey("pool-1"));
    expect(await outcome(pools.drainPoolKey({ keyId: "pool-1" }))).toBe("SIGNER_KEY_STATE_CONFLICT");
    expect(await outcome(pools.retirePoolKey({ keyId: "a" }))).toBe("SIGNER_KEY_STATE_CONFLICT");
    await pools.retirePoolKey({ keyId: "pool-1" });
    const again = pools.activatePoolKey({ keyId: "pool-1", nonceFloor: 9n });
    expect(await outcome(again)).toBe("SIGNER_KEY_STATE_CONFLICT");
    expect(await outcome(pools.drainPoolKey({ keyId: "nobody" }))).toBe("SIGNER_KEY_NOT_FOUND");
  });

  it("nor more than so many keys on a day, though each makes room for the next", async () => {
    const { grant, pools } = await startPoolSigner();
    await grant("g");
    for (let i = 0; i < 32; i++) {
      expect(await outcome(pools.generatePoolKey(newKey(`pool-${i}`)))).toBe("PENDING");
      await pools.retirePoolKey({ keyId: `pool-${i}` });
    }
    expect(await complaint(pools.generatePoolKey(newKey("pool-32")))).toContain("within a day");
  });

  it("nor a floor for a key from before the store's life began, whose nonces may be used", async () => {
    const config = await poolConfig();
    const first = await startPoolSigner(config);
    await first.grant("g");
    await first.pools.generatePoolKey(newKey("pool-1"));
    await first.drain();
    // As if the store were put back from a backup: what the key signed since is not in it.
    rmSync(`${config.store.url.reveal().slice("sqlite:".length)}.incarnation`);

    const signer = await startPoolSigner(config);
    expect(await CALLS.generate?.(signer)).toBe(DENIED);
    await signer.grant("h");
    const activate = () => signer.pools.activatePoolKey({ keyId: "pool-1", nonceFloor: 0n });
    expect(await complaint(activate())).toContain("an operator activates it");
    await signer.admin.activateKey({ keyId: "pool-1", nonceFloor: 41n });
    expect(await outcome(activate())).toBe("ACTIVE");
    expect(await signed(signer, "pool-1", 41n)).toContain("is used");
  });
});
