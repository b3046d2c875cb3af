import * as frost from "@countersign/crypto/frost-ed25519.ts";
import { sealTo } from "@countersign/crypto/hpke.ts";
import { beginRegistration } from "@countersign/crypto/lock/client-passes.ts";
import { sealEnvelope } from "@countersign/crypto/lock/envelope.ts";
import { LockKey } from "@countersign/crypto/lock/lock-key.ts";
import { randomScalar } from "@countersign/crypto/lock/lock-suite.ts";
import { ristretto255 } from "@countersign/crypto/lock/ristretto255.ts";
import { expect, it } from "vitest";
import { memoryEnvelopes } from "./envelope-store.ts";
import { SealedEnvelopes } from "./sealed-envelopes.ts";
import { ShareVault } from "./share-vault.ts";

const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
const OWNER = { tenant: "acme", rpId: "wallet.example", accountId: "alice.testnet" };
const RELAY = "https://relay1.example";
const NAME = { ...OWNER, relay: RELAY };
const CREDENTIAL = Uint8Array.of(1, 2, 3);
const INFO = new Uint8Array(32).fill(9);
const refusal = (name: string) => expect.objectContaining({ refusal: name });

/** A relay's lock key, and a browser's store; each vault is a page. */
function world() {
  const key = new LockKey(ristretto255, randomScalar(ristretto255, random));
  const envelopes = memoryEnvelopes();
  const page = () => new ShareVault(random, { envelopes });
  const unlock = (vault: ShareVault) =>
    vault.unlock({ ...OWNER, prfFirst: new Uint8Array(32).fill(7).buffer });
  const seal = async (vault: ShareVault, shareId: string) => {
    const { passId, element } = vault.beginEnvelope({ shareId, suite: 1 });
    const { commitment } = key;
    const of = { ...key.apply(element, random), passId, commitment };
    return vault.finishEnvelope({ ...of, tenant: OWNER.tenant, relay: RELAY, credentialId: CREDENTIAL });
  };
  const open = async (vault: ShareVault) => {
    const begun = await vault.beginOpening(NAME);
    if (begun === undefined) throw new Error("there is no envelope");
    return vault.finishOpening({ passId: begun.passId, ...key.remove(begun.element, random) });
  };
  return { key, envelopes, page, unlock, seal, open };
}

async function sealed() {
  const made = world();
  const first = made.page();
  const shares = made.unlock(first);
  await made.seal(first, shares.shareId);
  return { ...made, shares, first };
}

it("a seed that was sealed on one page gives the same shares on the next, for the same passkey", async () => {
  const { key, page, open, shares } = await sealed();
  const next = page();
  expect(await next.heldEnvelopes(OWNER)).toEqual([
    { relay: RELAY, suite: 1, keyId: key.id, credentialId: CREDENTIAL },
  ]);
  expect(await open(next)).toEqual({ ...shares, credentialId: CREDENTIAL });
});

it("what a relay opened can be sealed again, and is gone when the vault is locked", async () => {
  const { key, page, open, seal } = await sealed();
  const next = page();
  const { shareId } = await open(next);
  expect(await seal(next, shareId)).toEqual({ keyId: key.id });
  next.lock();
  expect(() => next.beginEnvelope({ shareId, suite: 1 })).toThrow(refusal("LOCKED"));
});

it("a whole key is not given for shares that a relay opened, but once the passkey was used", async () => {
  const { page, open, unlock } = await sealed();
  const next = page();
  const { shareId, verifyingShare } = await open(next);
  // A share that the page chose, and knows: the whole key would tell it the other one.
  const chosen = Uint8Array.of(1, ...new Uint8Array(31));
  const relayerVerifyingShare = frost.verifyingShare(chosen);
  const keyId = frost.keyId(frost.groupKey(verifyingShare, relayerVerifyingShare));
  next.adopt({ shareId, keyId, relayerVerifyingShare });
  const begin = async () => {
    const { exportId, recipientPublicKey } = await next.beginExport();
    const { encapsulatedKey, sealed: sealedShare } = await sealTo(recipientPublicKey, INFO, chosen);
    return () => next.finishExport({ exportId, keyId, info: INFO, encapsulatedKey, sealedShare });
  };
  const finish = await begin();
  await open(next);
  await expect(finish()).rejects.toThrow(refusal("LOCKED"));
  const finishAgain = await begin();
  unlock(next);
  expect(await finishAgain()).toHaveLength(32);
});

it("a pass is answered once, and not after the vault was locked", async () => {
  const { key, page, unlock } = await sealed();
  const next = page();
  const begun = await next.beginOpening(NAME);
  const answer = { passId: begun?.passId ?? 0, ...key.remove(begun?.element ?? new Uint8Array(), random) };
  await next.finishOpening(answer);
  await expect(next.finishOpening(answer)).rejects.toThrow(refusal("ROUND_SPENT"));
  const { shareId } = unlock(next);
  const { passId, element } = next.beginEnvelope({ shareId, suite: 1 });
  next.lock();
  const { commitment } = key;
  const of = { ...key.apply(element, random), passId, commitment, credentialId: CREDENTIAL };
  await expect(next.finishEnvelope({ ...of, ...NAME })).rejects.toThrow(refusal("ROUND_SPENT"));
});

it("an envelope that was asked of the store before the vault was locked does not open afterwards", async () => {
  const { page } = await sealed();
  const next = page();
  const opening = next.beginOpening(NAME);
  next.lock();
  await expect(opening).rejects.toThrow(refusal("LOCKED"));
});

it("passes are bounded: the oldest is given up", async () => {
  const { page, unlock, key } = world();
  const vault = page();
  const { shareId } = unlock(vault);
  const begun = Array.from({ length: 17 }, () => vault.beginEnvelope({ shareId, suite: 1 }));
  const finish = (at: number) => {
    const { passId = 0, element = new Uint8Array() } = begun[at] ?? {};
    const of = { ...key.apply(element, random), passId, commitment: key.commitment };
    return vault.finishEnvelope({ ...of, ...NAME, credentialId: CREDENTIAL });
  };
  await expect(finish(0)).rejects.toThrow(refusal("ROUND_SPENT"));
  expect(await finish(1)).toEqual({ keyId: key.id });
});

it("an envelope that was being made is not kept once they are forgotten", async () => {
  const { page, unlock, envelopes, key } = world();
  const vault = page();
  const { shareId } = unlock(vault);
  const one = vault.beginEnvelope({ shareId, suite: 1 });
  const two = vault.beginEnvelope({ shareId, suite: 1 });
  const finish = ({ passId, element }: typeof one) => {
    const of = { ...key.apply(element, random), passId, commitment: key.commitment };
    return vault.finishEnvelope({ ...of, ...NAME, credentialId: CREDENTIAL });
  };
  // Its writing has begun; the other's answer comes later.
  const writing = finish(one);
  await vault.forgetEnvelopes(OWNER);
  await writing;
  await expect(finish(two)).rejects.toThrow(refusal("ROUND_SPENT"));
  expect(await envelopes.of(OWNER)).toEqual([]);
});

it("an envelope with something else than a seed is deleted", async () => {
  const { key, page, open, envelopes } = world();
  const pass = beginRegistration(ristretto255, random);
  const { commitment } = key;
  const { keyId, kek, lockedKek } = pass.finish(key.apply(pass.request, random), commitment);
  const lock = { suite: 1, relayOrigin: RELAY, keyId, lockedKek };
  const names = { ...OWNER, secretKind: "wrap-key-seed" };
  const envelope = sealEnvelope(lock, kek, names, new Uint8Array(31), random);
  await new SealedEnvelopes(envelopes).put(NAME, { envelope, commitment, credentialId: CREDENTIAL });
  await expect(open(page())).rejects.toThrow(refusal("ENVELOPE_UNUSABLE"));
  expect(await envelopes.of(OWNER)).toEqual([]);
});
