import { createHash, randomBytes, randomUUID } from "node:crypto";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { expect, it } from "vitest";
import { outcomeOf } from "../threshold/support/reason.ts";
import { at, keyRecord, OWNER, request } from "../threshold-store/threshold-builders.ts";
import { overEngines } from "../threshold-store/threshold-homes.ts";
import { hash } from "./ecdsa-builders.ts";
import { CALLER, type SigningWorld, signingWorld } from "./signing-world.ts";
import { changesOf, recordStates } from "./states.ts";

const HUNDRED = Array.from({ length: 100 }, (_, i) => i);
const DIGEST = hash("a transaction");
const sha256 = (bytes: Uint8Array) => Uint8Array.from(createHash("sha256").update(bytes).digest());

/** A signature as a wallet makes it, with its two calls. */
async function begin(world: SigningWorld, digest = DIGEST) {
  const presignatureId = await world.deal();
  const { id: requestId } = await world.authorised(digest);
  const clientEntropy = Uint8Array.from(randomBytes(32));
  const { keyId } = world;
  const init = { requestId, keyId, digest, presignatureId, clientEntropyHash: sha256(clientEntropy) };
  const begun = await world.clients[0].signEcdsaInit({ caller: CALLER, request: init });
  const { signingSessionId = "", relayerEntropy = new Uint8Array(), expiresAt } = begun.response ?? {};
  const finalize = { signingSessionId, keyId, digest, clientEntropy };
  return { init, finalize, relayerEntropy, expiresAt };
}

overEngines("a threshold ECDSA signature", (on) => {
  it("verifies, begun at one signer and ended at the other", async () => {
    const world = await signingWorld(on);
    for (const digest of [DIGEST, hash("another"), new Uint8Array(32), new Uint8Array(32).fill(255)]) {
      const { init, finalize, relayerEntropy, expiresAt } = await begin(world, digest);
      expect(relayerEntropy).toHaveLength(32);
      expect(expiresAt?.seconds).toBe(BigInt(at(30_000).getTime() / 1000));
      const ended = await world.clients[1].signEcdsaFinalize({ caller: CALLER, request: finalize });
      const message = ended.response?.message;
      expect(message?.phase).toBe(3);
      const signed = world.sign({ ...init, ...finalize, relayerEntropy }, message?.data ?? new Uint8Array());
      const bytes = Buffer.concat([Buffer.of(signed.recovery), signed.r, signed.s]);
      const recovered = secp256k1.recoverPublicKey(bytes, digest, { prehash: false });
      expect(Buffer.from(recovered)).toEqual(Buffer.from(world.publicKey));
    }
  });

  it("answers each identical call with identical bytes, and leaves one presignature used", async () => {
    const world = await signingWorld(on);
    await recordStates(on);
    const { init, finalize, relayerEntropy } = await begin(world);
    const [one, two] = world.clients;
    for (const client of [one, two, one]) {
      const again = await client.signEcdsaInit({ caller: CALLER, request: init });
      expect(again.response).toMatchObject({ signingSessionId: finalize.signingSessionId, relayerEntropy });
    }
    const answers = await Promise.all(
      HUNDRED.map(async (i) => {
        const client = i % 2 === 0 ? one : two;
        const { response } = await client.signEcdsaFinalize({ caller: CALLER, request: finalize });
        return Buffer.from(response?.message?.data ?? []).toString("hex");
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect((await changesOf(on)).ways).toEqual({
      "nothing → available": 1,
      "available → reserved": 1,
      "reserved → used": 1,
    });
    world.setTime(at(40_000));
    const late = await one.signEcdsaFinalize({ caller: CALLER, request: finalize });
    expect(Buffer.from(late.response?.message?.data ?? []).toString("hex")).toBe(answers[0]);
  });

  it("uses nothing up for another caller, key, digest or entropy", async () => {
    const world = await signingWorld(on);
    const { init, finalize, relayerEntropy } = await begin(world);
    const [{ signEcdsaFinalize: end }] = world.clients;
    const tell = (request: object, caller: object = CALLER) =>
      outcomeOf(end({ caller: { ...CALLER, ...caller }, request: { ...finalize, ...request } }));
    expect(await tell({}, { user: "mallory" })).toBe("SIGNING_SESSION_STALE");
    expect(await tell({}, { tenant: "globex" })).toBe("THRESHOLD_DISABLED");
    expect(await tell({ keyId: "other" })).toBe("SIGNING_SESSION_STALE");
    expect(await tell({ signingSessionId: randomUUID() })).toBe("SIGNING_SESSION_STALE");
    expect(await tell({ digest: hash("another") })).toBe("DIGEST_MISMATCH");
    expect(await tell({ clientEntropy: hash("another") })).toBe("ROUND_MESSAGE_INVALID");
    // As one that was merged into this user.
    const merged = { tenant: CALLER.tenant, user: "bob", mergedUsers: [CALLER.user] };
    const { response } = await end({ caller: merged, request: finalize });
    world.sign({ ...init, ...finalize, relayerEntropy }, response?.message?.data ?? new Uint8Array());
    expect(await tell({ clientEntropy: hash("another") })).toBe("ROUND_MESSAGE_INVALID");
    expect(await tell({ digest: hash("another") })).toBe("DIGEST_MISMATCH");
    expect(await tell({})).toBe("answered");
  });

  it("begins for the request's own caller, key and digest, with a presignature that is there", async () => {
    const world = await signingWorld(on);
    const [{ store }] = on.signers;
    const [presignatureId, spare] = [await world.deal(), await world.deal()];
    const { id: requestId } = await world.authorised(DIGEST);
    const { keyId } = world;
    const clientEntropyHash = hash("entropy");
    const init = { requestId, keyId, digest: DIGEST, presignatureId, clientEntropyHash };
    const tell = (request: object, caller: object = CALLER) =>
      outcomeOf(
        world.clients[0].signEcdsaInit({
          caller: { ...CALLER, ...caller },
          request: { ...init, ...request },
        }),
      );
    expect(await tell({}, { user: "mallory" })).toBe("SIGNING_REQUEST_INVALID");
    expect(await tell({}, { tenant: "globex" })).toBe("THRESHOLD_DISABLED");
    expect(await tell({ keyId: "other" })).toBe("SIGNING_REQUEST_INVALID");
    expect(await tell({ requestId: randomUUID() })).toBe("SIGNING_REQUEST_INVALID");
    expect(await tell({ presignatureId: hash("unknown") })).toBe("PRESIGNATURE_INVALID");
    // A request for an Ed25519 key is none for this scheme.
    await store.insertKey(keyRecord({ keyId: "ed25519:k" }));
    const other = request({ keyId: "ed25519:k", owner: OWNER, digest: DIGEST });
    await store.putRequests([other]);
    expect(await tell({ requestId: other.id, keyId: "ed25519:k" })).toBe("SIGNING_REQUEST_INVALID");

    expect(await tell({})).toBe("answered");
    expect(await tell({ digest: hash("another") })).toBe("DIGEST_MISMATCH");
    expect(await tell({})).toBe("PRESIGNATURE_INVALID");
    expect(await tell({ presignatureId: spare })).toBe("answered");
    expect(await tell({ presignatureId: hash("unknown") })).toBe("PRESIGNATURE_POOL_EMPTY");
    world.setTime(at(60_000));
    expect(await tell({ presignatureId: spare })).toBe("SIGNING_REQUEST_INVALID");
  });

  it("is not made after its time, and its presignature is destroyed", async () => {
    const world = await signingWorld(on);
    const { init, finalize } = await begin(world);
    const [one, two] = world.clients;
    world.setTime(at(30_000));
    expect(await outcomeOf(two.signEcdsaFinalize({ caller: CALLER, request: finalize }))).toBe(
      "SIGNING_SESSION_STALE",
    );
    world.setTime(at(1));
    expect(await outcomeOf(one.signEcdsaFinalize({ caller: CALLER, request: finalize }))).toBe(
      "SIGNING_SESSION_STALE",
    );
    expect(await outcomeOf(one.signEcdsaInit({ caller: CALLER, request: init }))).toBe(
      "PRESIGNATURE_POOL_EMPTY",
    );
    expect(await on.query("select sealed from threshold_presignatures")).toEqual([{ sealed: null }]);
    // The request is still good for a presignature that is made in its place.
    const presignatureId = await world.deal();
    const renewed = { ...init, presignatureId };
    expect(await outcomeOf(one.signEcdsaInit({ caller: CALLER, request: renewed }))).toBe("answered");
  });

  it("is not made with a master secret that gives another key, and uses nothing up then", async () => {
    const world = await signingWorld(on);
    const { finalize } = await begin(world);
    world.exchangeMasterSecret();
    const end = () => outcomeOf(world.clients[0].signEcdsaFinalize({ caller: CALLER, request: finalize }));
    expect(await end()).toBe("THRESHOLD_KEY_BROKEN");
    const rows = await on.query<{ state: string }>("select state from threshold_presignatures");
    expect(rows).toEqual([{ state: "reserved" }]);
  });

  it("of what a restored snapshot holds is never made", async () => {
    const world = await signingWorld(on);
    const { finalize } = await begin(world);
    await world.deal();
    await on.restore();
    const signer = await on.openSigner();
    const again = await signingWorld({ ...on, signers: [signer, signer] });
    const [client] = again.clients;
    expect(await outcomeOf(client.signEcdsaFinalize({ caller: CALLER, request: finalize }))).toBe(
      "SIGNING_SESSION_STALE",
    );
    const pool = await client.getPresignaturePool({ caller: CALLER, request: { keyId: again.keyId } });
    expect(pool.response?.presignatureIds).toEqual([]);
  });
});

overEngines("a pool", (on) => {
  it("tells its own user what it holds, and what it should and may", async () => {
    const world = await signingWorld(on);
    const ids = [await world.deal()];
    world.setTime(at(1));
    ids.push(await world.deal());
    const [client] = world.clients;
    const request = { keyId: world.keyId };
    const { response } = await client.getPresignaturePool({ caller: CALLER, request });
    expect(response?.presignatureIds.map((id) => Uint8Array.from(id))).toEqual(ids);
    expect(response).toMatchObject({ refillBelow: 2, capacity: 8 });
    const ask = (caller: object, keyId = world.keyId) =>
      outcomeOf(client.getPresignaturePool({ caller: { ...CALLER, ...caller }, request: { keyId } }));
    expect(await ask({ user: "mallory" })).toBe("THRESHOLD_KEY_NOT_FOUND");
    expect(await ask({ user: "bob", mergedUsers: [CALLER.user] })).toBe("answered");
    expect(await ask({}, "unknown")).toBe("THRESHOLD_KEY_NOT_FOUND");
    await on.signers[0].store.insertKey(keyRecord({ keyId: "ed25519:k" }));
    expect(await ask({}, "ed25519:k")).toBe("THRESHOLD_KEY_NOT_FOUND");
  });
});
