import { relayerShare } from "@countersign/crypto/derive-secp256k1.ts";
import { groupKey, keyId, Point, SCHEME_ID, verifyingShare } from "@countersign/crypto/keys-secp256k1.ts";
import { libsecp256k1Points } from "@countersign/crypto/ot-ecdsa/libsecp256k1-points.ts";
import { noblePoints } from "@countersign/crypto/ot-ecdsa/noble-points.ts";
import type { PointBackend } from "@countersign/crypto/ot-ecdsa/point-backend.ts";
import {
  advancePresign,
  beginPresign,
  type Presignature,
  type WireMessage,
} from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { rerandomise, signingEntropy } from "@countersign/crypto/ot-ecdsa/rerandomise.ts";
import { encodeSignMessage, signatureShare } from "@countersign/crypto/ot-ecdsa/sign.ts";
import { proveSecp256k1 } from "@countersign/crypto/possession-secp256k1.ts";
import { bytesToHex, recoverPublicKey } from "viem";
import { describe, expect, it } from "vitest";
import { memoryPresignatures, type PresignatureStore } from "./presignature-store.ts";
import { ShareVault } from "./share-vault.ts";
import { VaultError, type VaultRefusal } from "./vault-error.ts";

const ACCOUNT = { accountId: "alice.near", rpId: "example.com" };
const NETWORK = "testnet";
const DIGEST = new Uint8Array(32).fill(5);
const ENTROPY = new Uint8Array(32).fill(6);
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const NO_NAME = new Uint8Array();
const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes));
const prf = (byte = 7) => new Uint8Array(32).fill(byte).buffer;
const tools = {
  points: libsecp256k1Points,
  random: (_: string, n: number) => random(n),
  pause: async () => {},
};

interface Given {
  readonly points?: PointBackend;
  readonly presignatures?: PresignatureStore;
}

/** A vault with a key, and the other side of it with the same cryptography. */
function ready({ points = libsecp256k1Points, presignatures = memoryPresignatures() }: Given = {}) {
  const vault = new ShareVault(random, { points, presignatures });
  const { shareId, ecdsaVerifyingShare } = vault.unlock({ prfFirst: prf(), ...ACCOUNT });
  const master = new Uint8Array(32).fill(0x63);
  const share = relayerShare(master, ecdsaVerifyingShare, ACCOUNT.accountId, ACCOUNT.rpId);
  const relayerVerifyingShare = verifyingShare(share);
  const publicKey = groupKey(ecdsaVerifyingShare, relayerVerifyingShare);
  const party = { participant: 2, share, publicKey } as const;
  const key = { shareId, keyId: keyId(NETWORK, publicKey), network: NETWORK, relayerVerifyingShare };
  vault.adoptEcdsa(key);

  /** A whole run; `between` is called before the client's last step. */
  async function presign(between: () => void = () => {}): Promise<Presignature> {
    const { runId, flight } = await vault.beginPresign(key);
    let { run } = await beginPresign(tools, party);
    let sent: readonly WireMessage[] = flight;
    for (;;) {
      const made = await advancePresign(tools, party, run, sent);
      run = made.run;
      const presignatureId = made.presignature?.id ?? NO_NAME;
      if (made.presignature !== undefined) between();
      sent = await vault.advancePresign({ runId, flight: made.flight, presignatureId });
      if (made.presignature !== undefined) return made.presignature;
    }
  }

  /** The relayer's message of the phase "sign". */
  function relayerMessage(presignature: Presignature, clientEntropy: Uint8Array): Uint8Array {
    const entropy = signingEntropy("session", clientEntropy, ENTROPY);
    const values = rerandomise(tools, { presignature, publicKey, digest: DIGEST, entropy });
    return encodeSignMessage(signatureShare(2, values, DIGEST));
  }
  const begin = async () => (await vault.beginEcdsa({ keyId: key.keyId, digest: DIGEST })) ?? expect.fail();
  const reveal = (roundId: number) =>
    vault.revealEcdsa({ roundId, signingSessionId: "session", relayerEntropy: ENTROPY });
  return { vault, key, publicKey, presignatures, presign, relayerMessage, begin, reveal };
}

async function refusalOf(call: () => unknown): Promise<VaultRefusal> {
  try {
    await call();
  } catch (error) {
    if (error instanceof VaultError) return error.refusal;
    throw error;
  }
  return expect.fail("it should have refused");
}

describe.each([
  ["libsecp256k1", libsecp256k1Points],
  ["noble", noblePoints],
])("with the points of %s", (_, points) => {
  it("a presignature makes one signature of the key, with a low s", { timeout: 60_000 }, async () => {
    const { presign, begin, reveal, relayerMessage, vault, publicKey } = ready({ points });
    const presignature = await presign();
    const { roundId, presignatureId, clientEntropyHash } = await begin();
    expect(presignatureId).toEqual(presignature.id);
    const clientEntropy = reveal(roundId);
    const hash = await crypto.subtle.digest("SHA-256", Uint8Array.from(clientEntropy));
    expect(clientEntropyHash).toEqual(new Uint8Array(hash));
    const message = relayerMessage(presignature, clientEntropy);
    const { r, s, recovery } = vault.finishEcdsa({ roundId, message });
    const signature = { r: bytesToHex(r), s: bytesToHex(s), yParity: recovery };
    const recovered = await recoverPublicKey({ hash: DIGEST, signature });
    expect(recovered).toBe(bytesToHex(Point.fromBytes(publicKey).toBytes(false)));
    expect(BigInt(signature.s) <= HALF_ORDER).toBe(true);
    expect(await vault.beginEcdsa({ keyId: keyId(NETWORK, publicKey), digest: DIGEST })).toBeUndefined();
  });
});

describe("a run", { timeout: 60_000 }, () => {
  it("is over after an answer that does not hold: the honest one comes too late", async () => {
    const { vault, key } = ready();
    const { runId } = await vault.beginPresign(key);
    const flight: WireMessage[] = [{ phase: "triples", data: new Uint8Array(40) }];
    const advance = () => vault.advancePresign({ runId, flight, presignatureId: NO_NAME });
    expect(await refusalOf(advance)).toBe("PRESIGN_ABORTED");
    expect(await refusalOf(advance)).toBe("ROUND_SPENT");
  });

  it("takes one answer at a time: of two at once it takes none", async () => {
    const { vault, key } = ready();
    const { runId, flight } = await vault.beginPresign(key);
    const advance = () => vault.advancePresign({ runId, flight, presignatureId: NO_NAME });
    const refusals = await Promise.all([refusalOf(advance), refusalOf(advance)]);
    expect(refusals).toContain("ROUND_SPENT");
    expect(await refusalOf(advance)).toBe("ROUND_SPENT");
  });

  it.each<[string, WireMessage[]]>([
    ["many messages", Array(321).fill({ phase: "triples", data: new Uint8Array(40) })],
    ["a large message", [{ phase: "triples", data: new Uint8Array(65_537) }]],
    ["no message", []],
    ["a message of a signature", [{ phase: "sign", data: new Uint8Array(40) }]],
  ])("is not advanced with %s", async (_, flight) => {
    const { vault, key } = ready();
    const { runId } = await vault.beginPresign(key);
    const advance = () => vault.advancePresign({ runId, flight, presignatureId: NO_NAME });
    expect(await refusalOf(advance)).toBe("PRESIGN_ABORTED");
  });

  it("gives nothing once the vault is locked, wherever it is", async () => {
    const { vault, key, presign, presignatures } = ready();
    expect(await refusalOf(() => presign(() => vault.lock()))).toBe("ROUND_SPENT");
    expect(await presignatures.ids(key.keyId)).toEqual([]);
    expect(await refusalOf(() => vault.beginPresign(key))).toBe("LOCKED");
  });

  it("gives nothing when the vault is locked in the middle of a step", async () => {
    const { vault, key } = ready();
    const party = { participant: 2, share: random(32), publicKey: verifyingShare(random(32)) } as const;
    const { runId, flight } = await vault.beginPresign(key);
    const { run } = await beginPresign(tools, party);
    const answer = await advancePresign(tools, party, run, flight);
    const step = vault.advancePresign({ runId, flight: answer.flight, presignatureId: NO_NAME });
    vault.lock();
    expect(await refusalOf(() => step)).toBe("LOCKED");
  });

  it("is abandoned when four younger ones are open", async () => {
    const { vault, key } = ready();
    const { runId, flight } = await vault.beginPresign(key);
    for (let i = 0; i < 4; i++) await vault.beginPresign(key);
    const advance = () => vault.advancePresign({ runId, flight, presignatureId: NO_NAME });
    expect(await refusalOf(advance)).toBe("ROUND_SPENT");
  });
});

describe("a presignature in the store", { timeout: 60_000 }, () => {
  it("is sealed: nothing of it can be read there but its name", async () => {
    const { presign, presignatures, key } = ready();
    const { bigR, id } = await presign();
    const entry = await presignatures.take(key.keyId);
    expect(entry?.id).toBe(Buffer.from(id).toString("base64url"));
    expect(entry?.sealed).toHaveLength(12 + 97 + 16);
    expect(Buffer.from(entry?.sealed ?? []).includes(Buffer.from(bigR))).toBe(false);
  });

  it("that was changed, or renamed, is dropped, and the next one is taken", async () => {
    const { presign, presignatures, key, begin } = ready();
    await presign();
    const changed = (await presignatures.take(key.keyId)) ?? expect.fail();
    await presign();
    const renamed = (await presignatures.take(key.keyId)) ?? expect.fail();
    const sealed = changed.sealed.map((byte, i) => (i === 20 ? byte ^ 1 : byte));
    await presignatures.put({ ...changed, sealed });
    await presignatures.put({ ...renamed, id: changed.id.toUpperCase() });
    const good = await presign();
    expect((await begin()).presignatureId).toEqual(good.id);
    expect(await presignatures.ids(key.keyId)).toEqual([]);
  });

  it("is not opened with another passkey", async () => {
    const { presign, presignatures, key } = ready();
    await presign();
    const entry = (await presignatures.take(key.keyId)) ?? expect.fail();
    const vault = new ShareVault(random, { presignatures });
    const { shareId, ecdsaVerifyingShare } = vault.unlock({ prfFirst: prf(8), ...ACCOUNT });
    const { relayerVerifyingShare } = key;
    const name = keyId(NETWORK, groupKey(ecdsaVerifyingShare, relayerVerifyingShare));
    vault.adoptEcdsa({ shareId, keyId: name, network: NETWORK, relayerVerifyingShare });
    await presignatures.put({ ...entry, keyId: name });
    expect(await vault.beginEcdsa({ keyId: name, digest: DIGEST })).toBeUndefined();
  });

  it("that fails is an error of the store's, which names no secret", async () => {
    const broken = { ...memoryPresignatures(), take: () => Promise.reject(new Error("quota")) };
    const { begin } = ready({ presignatures: broken });
    expect(await refusalOf(begin)).toBe("STORE_UNAVAILABLE");
  });
});

describe("a round", { timeout: 60_000 }, () => {
  it("reveals once and finishes once", async () => {
    const { presign, begin, reveal, relayerMessage, vault } = ready();
    const presignature = await presign();
    const { roundId } = await begin();
    const message = relayerMessage(presignature, reveal(roundId));
    vault.finishEcdsa({ roundId, message });
    expect(await refusalOf(() => vault.finishEcdsa({ roundId, message }))).toBe("ROUND_SPENT");
  });

  it("is over when it is asked to reveal twice: no second entropy meets the presignature", async () => {
    const { presign, begin, reveal, relayerMessage, vault } = ready();
    const presignature = await presign();
    const { roundId } = await begin();
    const message = relayerMessage(presignature, reveal(roundId));
    expect(await refusalOf(() => reveal(roundId))).toBe("ROUND_SPENT");
    expect(await refusalOf(() => vault.finishEcdsa({ roundId, message }))).toBe("ROUND_SPENT");
  });

  it("is over after a share that does not hold", async () => {
    const { presign, begin, reveal, relayerMessage, vault } = ready();
    const presignature = await presign();
    const { roundId } = await begin();
    const clientEntropy = reveal(roundId);
    const good = relayerMessage(presignature, clientEntropy);
    const bad = good.map((byte, i) => (i === good.length - 1 ? byte ^ 1 : byte));
    const finish = (message: Uint8Array) => () => vault.finishEcdsa({ roundId, message });
    expect(await refusalOf(finish(bad))).toBe("RELAYER_SHARE_INVALID");
    expect(await refusalOf(finish(good))).toBe("ROUND_SPENT");
  });

  it("is gone once the vault is locked", async () => {
    const { presign, begin, reveal, vault } = ready();
    await presign();
    const { roundId } = await begin();
    vault.lock();
    expect(await refusalOf(() => reveal(roundId))).toBe("ROUND_SPENT");
    expect(await refusalOf(begin)).toBe("LOCKED");
  });
});

describe("a key", () => {
  const ceremony = { network: NETWORK, tenant: "t", user: "u", challenge: new Uint8Array(32).fill(9) };

  it("is taken once, after the relayer's proof for the same network", async () => {
    const { vault, key } = ready();
    const { shareId, ecdsaVerifyingShare } = vault.unlock({ prfFirst: prf(), ...ACCOUNT });
    const master = new Uint8Array(32).fill(0x63);
    const share = relayerShare(master, ecdsaVerifyingShare, ACCOUNT.accountId, ACCOUNT.rpId);
    const shares = { ownShare: key.relayerVerifyingShare, peerShare: ecdsaVerifyingShare };
    const context = { schemeId: SCHEME_ID, role: "relayer", ...ACCOUNT, ...ceremony, ...shares } as const;
    const relayerProof = proveSecp256k1(share, context, random);
    const confirm = () => vault.confirmEcdsa({ ...key, relayerProof });
    expect(await refusalOf(confirm)).toBe("NOTHING_TO_CONFIRM");
    vault.proveEcdsa({ shareId, ceremony: { ...ceremony, network: "mainnet" } });
    expect(await refusalOf(confirm)).toBe("RELAYER_PROOF_INVALID");
    vault.proveEcdsa({ shareId, ceremony });
    confirm();
    expect(await refusalOf(confirm)).toBe("NOTHING_TO_CONFIRM");
  });

  it("of another network, or share, is not adopted", async () => {
    const { vault, key } = ready();
    expect(await refusalOf(() => vault.adoptEcdsa({ ...key, network: "mainnet" }))).toBe("KEY_MISMATCH");
    const relayerVerifyingShare = verifyingShare(Uint8Array.of(...new Uint8Array(31), 5));
    expect(await refusalOf(() => vault.adoptEcdsa({ ...key, relayerVerifyingShare }))).toBe("KEY_MISMATCH");
    const none = new Uint8Array(33);
    expect(await refusalOf(() => vault.adoptEcdsa({ ...key, relayerVerifyingShare: none }))).toBe(
      "MALFORMED",
    );
  });
});
