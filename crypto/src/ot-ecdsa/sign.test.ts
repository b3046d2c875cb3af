import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { BadInput } from "../bad-input.ts";
import { noblePoints } from "./noble-points.ts";
import { ProtocolAbort } from "./protocol-abort.ts";
import { addScalars, multiplyScalars, negateScalar, ORDER, reduce, subtractScalars } from "./scalar.ts";
import { PLACES } from "./shares.ts";
import { combineSignature, decodeSignMessage, encodeSignMessage, signatureShare } from "./sign.ts";

const { Point } = secp256k1;
const tools = { points: noblePoints };
const digest = sha256(utf8ToBytes("a message"));
const random = () => secp256k1.utils.randomSecretKey();

/** Both sides' values, as presigning makes them: the shares of k and of k·x on lines, R = k⁻¹·G. */
function presigned() {
  const [x, k] = [random(), random()];
  const key = Point.BASE.multiply(Point.Fn.fromBytes(x)).toBytes();
  const inverse = Point.Fn.inv(Point.Fn.fromBytes(k));
  const bigR = Point.BASE.multiply(inverse).toBytes();
  const split = (value: Uint8Array) => {
    const own = random();
    const rest = subtractScalars(value, multiplyScalars(PLACES[1].lambda, own));
    return [own, multiplyScalars(PLACES[2].inverseLambda, rest)] as const;
  };
  const [ks, sigmas] = [split(k), split(multiplyScalars(k, x))];
  const values = ([0, 1] as const).map((side) => ({ bigR, k: ks[side], sigma: sigmas[side] }));
  const [client, relayer] = values;
  if (client === undefined || relayer === undefined) throw new Error("there are two sides");
  const shares = [signatureShare(1, client, digest), signatureShare(2, relayer, digest)] as const;
  return { publicKey: key, bigR, digest, shares };
}

describe("two shares", () => {
  it("make a signature with the low s, and the recovery id that gives the key", () => {
    for (let run = 0; run < 4; run++) {
      const combination = presigned();
      const { r, s, recovery } = combineSignature(tools, combination);
      const compact = concatBytes(r, s);
      expect(secp256k1.verify(compact, digest, combination.publicKey, { prehash: false })).toBe(true);
      expect(Point.Fn.fromBytes(s) <= ORDER / 2n).toBe(true);
      const recovered = new secp256k1.Signature(Point.Fn.fromBytes(r), Point.Fn.fromBytes(s), recovery);
      expect(recovered.recoverPublicKey(digest).toBytes()).toEqual(combination.publicKey);
    }
  });

  it("make the same signature in either order, and of either sign of the sum", () => {
    const combination = presigned();
    const [own, peers] = combination.shares;
    const signature = combineSignature(tools, combination);
    expect(combineSignature(tools, { ...combination, shares: [peers, own] })).toEqual(signature);
    const negated = [negateScalar(own), negateScalar(peers)] as const;
    const other = combineSignature(tools, { ...combination, shares: negated });
    expect([other.r, other.s]).toEqual([signature.r, signature.s]);
    expect(other.recovery).toBe(signature.recovery ^ 1);
  });

  it("make none when one is off, or anything else is another one", () => {
    const combination = presigned();
    const [own, peers] = combination.shares;
    const off: (typeof combination)[] = [
      { ...combination, shares: [own, addScalars(peers, reduce(1n))] },
      { ...combination, shares: [own, own] },
      { ...combination, shares: [own, negateScalar(own)] },
      { ...combination, digest: sha256(digest) },
      { ...combination, bigR: presigned().bigR },
      { ...combination, publicKey: presigned().publicKey },
    ];
    for (const one of off) expect(() => combineSignature(tools, one)).toThrow(ProtocolAbort);
    const tweaked = { ...combination, tweak: reduce(1n) };
    expect(() => combineSignature(tools, tweaked)).toThrow(ProtocolAbort);
  });

  it("whose x(R) is the order or more have a recovery id of 2 or 3", () => {
    // Nobody finds such a k, but any R and s are a signature of the key that they recover to.
    const bigR = pointWithXFrom(ORDER + 1n);
    const s = reduce(12_345n);
    for (const parity of [0, 1] as const) {
      bigR[0] = 2 + parity;
      const r = Point.Fn.create(BigInt(`0x${Buffer.from(bigR.subarray(1)).toString("hex")}`));
      const key = new secp256k1.Signature(r, 12_345n, 2 + parity).recoverPublicKey(digest);
      const share = random();
      const signature = combineSignature(tools, {
        publicKey: key.toBytes(),
        digest,
        bigR,
        shares: [share, subtractScalars(s, share)],
      });
      expect(signature.recovery).toBe(2 + parity);
    }
  });
});

describe("a share", () => {
  it("is not made for a digest of another size", () => {
    const values = { bigR: presigned().bigR, k: random(), sigma: random() };
    expect(() => signatureShare(1, values, digest.subarray(1))).toThrow(BadInput);
  });

  it("goes in one message, of which there is one encoding", () => {
    const share = hexToBytes("00ff".repeat(16));
    const message = encodeSignMessage(share);
    expect(decodeSignMessage(message)).toEqual(share);
    const changed = (at: number, value: number) => message.map((byte, i) => (i === at ? value : byte));
    const bad = [
      new Uint8Array(0),
      message.subarray(0, 39),
      message.subarray(0, 40),
      message.subarray(0, -1),
      concatBytes(message, Uint8Array.of(0)),
      concatBytes(message, new Uint8Array(1_000)),
      changed(0, 0),
      changed(32, 1),
      changed(39, 1),
      changed(40, 0xdd),
      encodeSignMessage(new Uint8Array(32).fill(255)),
      encodeSignMessage(new Uint8Array(31)),
    ];
    for (const bytes of bad) expect(() => decodeSignMessage(bytes)).toThrow(ProtocolAbort);
  });
});

/** The first point of the curve whose x is that or more, with the even y. */
function pointWithXFrom(x: bigint): Uint8Array {
  for (let candidate = x; ; candidate++) {
    const bytes = hexToBytes(`02${candidate.toString(16)}`);
    if (noblePoints.isPoint(bytes)) return bytes;
  }
}
