import type { Envelope } from "@countersign/crypto/lock/envelope.ts";
import { lockSuite } from "@countersign/signer-service/lock/lock-suites.ts";
import { describe, expect, it } from "vitest";
import { type KeptEnvelope, SealedEnvelopes } from "../../../clients/web/src/vault/sealed-envelopes.ts";
import { ACCOUNT, enrolled, type Federation, OWNER } from "./support/federation.ts";

const account = { accountId: ACCOUNT };
const flipped = (bytes: Uint8Array) => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte));

/** The envelopes of the wallet, with the store's own encryption off. */
async function kept({ envelopes, relays }: Federation): Promise<readonly [KeptEnvelope, KeptEnvelope]> {
  const all = await new SealedEnvelopes(envelopes).of(OWNER);
  const [one, two] = relays.map(({ url }) => all.get(url));
  if (one === undefined || two === undefined) throw new Error("an envelope is missing");
  return [one, two];
}

it("of one secret share no K, K^s, nonce or ciphertext", async () => {
  const federation = await enrolled({ isShared: true });
  const [one, two] = await kept(federation);
  expect(one.envelope.keyId).toBe(two.envelope.keyId);
  for (const field of ["lockedKek", "nonce", "ciphertext"] as const) {
    // One lock was put on both K: where K^s differs, K does.
    expect(one.envelope[field]).not.toEqual(two.envelope[field]);
  }
  const { wallet, until } = federation.load();
  await wallet.unlock(account);
  await wallet.signOut();
  await wallet.unlock(account);
  await until("refreshed", 2);
  const [again] = await kept(federation);
  expect(again.envelope.lockedKek).not.toEqual(one.envelope.lockedKek);
});

describe("that were altered in the store do not open, and the passkey heals them", () => {
  const element = lockSuite(1).multiplyBase(new Uint8Array(32).fill(7));
  it.each<[string, (envelope: Envelope, other: KeptEnvelope) => object]>([
    ["the relay's origin", (_, { envelope }) => ({ relayOrigin: envelope.relayOrigin })],
    ["the key's id", (_, { envelope }) => ({ keyId: envelope.keyId })],
    ["K^s, another element", () => ({ lockedKek: element })],
    ["K^s, no element", () => ({ lockedKek: new Uint8Array(32).fill(255) })],
    ["the nonce", ({ nonce }) => ({ nonce: flipped(nonce) })],
    ["the ciphertext", ({ ciphertext }) => ({ ciphertext: flipped(ciphertext) })],
  ])("%s", async (_, change) => {
    const federation = await enrolled();
    const [one, two] = federation.relays;
    const [first, other] = await kept(federation);
    const store = new SealedEnvelopes(federation.envelopes);
    const envelope = { ...first.envelope, ...change(first.envelope, other) };
    await store.put({ ...OWNER, relay: one.url }, { ...first, envelope });
    await store.forget({ ...OWNER, relay: two.url });
    const { wallet, events, until } = federation.load();
    expect(await wallet.unlock(account)).toEqual({ by: "passkey" });
    expect(events[0]).toMatchObject({ type: "fallback" });
    await until("refreshed", 2);
    expect(await federation.load().wallet.unlock(account)).toEqual({ by: "relay", relay: one.url });
  });

  it.each<[string, object]>([
    ["the account", { accountId: "mallory.testnet" }],
    ["the relying party", { rpId: "other.example" }],
    ["the tenant", { tenant: "globex" }],
    ["the relay", { relay: "https://other.example" }],
  ])("moved to another name: %s", async (_, change) => {
    const { envelopes } = await enrolled();
    const [entry] = await envelopes.of(OWNER);
    if (entry === undefined) throw new Error("there is no envelope");
    const moved = { ...entry, ...change };
    await envelopes.put(moved);
    expect([...(await new SealedEnvelopes(envelopes).of(moved)).keys()]).not.toContain(moved.relay);
    expect(await envelopes.of(moved)).not.toContainEqual(moved);
  });

  it("a byte of what is stored, each", async () => {
    const { envelopes } = await enrolled();
    const [entry] = await envelopes.of(OWNER);
    if (entry === undefined) throw new Error("there is no envelope");
    for (let at = 0; at < entry.sealed.length; at++) {
      const sealed = entry.sealed.map((byte, i) => (i === at ? byte ^ 1 : byte));
      await envelopes.put({ ...entry, sealed });
      expect((await new SealedEnvelopes(envelopes).of(OWNER)).has(entry.relay)).toBe(false);
    }
  });
});
