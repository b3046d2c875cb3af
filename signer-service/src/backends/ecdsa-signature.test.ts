import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { verifySignature } from "@countersign/near/verify";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { describe, expect, it } from "vitest";
import { compactFromDer, nearSecp256k1Signature } from "./ecdsa-signature.ts";
import { lowS } from "./recoverable-signature.ts";

const ORDER = secp256k1.Point.CURVE().n;
const HASH = createHash("sha256").update("message").digest();

const uncompressed = (secretKey: Uint8Array) => secp256k1.getPublicKey(secretKey, false).subarray(1);
const signatureOf = (r: bigint, s: bigint) => new secp256k1.Signature(r, s);
/** 32 bytes that look random, the same in every run. */
const bytesOf = (name: string) => Uint8Array.from(createHash("sha256").update(name).digest());
/** A number of the group, likewise; some are small, so that encodings differ in length. */
const scalarOf = (name: string, shift: number) =>
  secp256k1.Point.Fn.create(BigInt(`0x${Buffer.from(bytesOf(name)).toString("hex")}`) >> BigInt(shift)) || 1n;
const pairs = Array.from(
  { length: 256 },
  (_, i) => [scalarOf(`r ${i}`, i), scalarOf(`s ${i}`, 255 - i)] as const,
);

/** The other signature of the pair that verify under ECDSA alike. */
function otherS(compact: Uint8Array): Uint8Array {
  const { r, s } = secp256k1.Signature.fromBytes(compact, "compact");
  return signatureOf(r, ORDER - s).toBytes("compact");
}

describe("compactFromDer", () => {
  it("gives r and s of every DER signature, whatever its length", () => {
    for (const [r, s] of pairs) {
      const signature = signatureOf(r, s);
      expect(compactFromDer(signature.toBytes("der"))).toEqual(signature.toBytes("compact"));
    }
  });

  it("reads what OpenSSL signs", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
    const compact = compactFromDer(sign("sha256", Buffer.from("message"), privateKey));
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    const data = Buffer.concat([Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
    const signature = { type: "secp256k1", data: nearSecp256k1Signature(compact, HASH, data) } as const;
    expect(verifySignature({ type: "secp256k1", data }, HASH, signature)).toBe(true);
  });

  const valid = signatureOf(5n, 7n).toBytes("der");
  it.each([
    ["nothing", new Uint8Array()],
    ["a byte too many", Uint8Array.of(...valid, 0)],
    ["a byte too few", valid.subarray(0, -1)],
    ["a number with a needless zero in front", Uint8Array.of(0x30, 7, 2, 2, 0, 5, 2, 1, 7)],
    ["a negative number", Uint8Array.of(0x30, 6, 2, 1, 0x85, 2, 1, 7)],
    ["r = 0", Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 7)],
    ["a length in the long form", Uint8Array.of(0x30, 0x81, 6, 2, 1, 5, 2, 1, 7)],
    ["an s at the order", secp256k1Der(5n, ORDER)],
    ["a mebibyte", new Uint8Array(2 ** 20).fill(0x30)],
  ])("refuses %s", (_, der) => {
    expect(() => compactFromDer(der)).toThrow("the answer is not DER");
  });
});

/** DER of r and s that may be out of range. */
function secp256k1Der(r: bigint, s: bigint): Uint8Array {
  const integer = (n: bigint) => {
    const hex = n.toString(16);
    const bytes = Buffer.from(hex.padStart(2 * Math.ceil((hex.length + 1) / 2), "0"), "hex");
    const body = (bytes[0] ?? 0) >= 0x80 ? Buffer.of(0, ...bytes) : bytes;
    return [2, body.length, ...body];
  };
  const body = [...integer(r), ...integer(s)];
  return Uint8Array.of(0x30, body.length, ...body);
}

describe("lowS", () => {
  it("maps both forms of a signature to the same one, whose s is at most half of the order", () => {
    for (const [r, s] of pairs) {
      const compact = signatureOf(r, s).toBytes("compact");
      const low = lowS(compact);
      if (low === null) throw new Error("refused");
      expect(lowS(otherS(compact))).toEqual(low);
      expect(secp256k1.Signature.fromBytes(low, "compact").s <= ORDER / 2n).toBe(true);
      expect(low.subarray(0, 32)).toEqual(compact.subarray(0, 32));
    }
  });

  it("refuses what is not r and s in range", () => {
    const zeroS = Uint8Array.from({ length: 64 }, (_, i) => (i < 32 ? 1 : 0));
    for (const compact of [zeroS, new Uint8Array(63).fill(1), new Uint8Array(65).fill(1)]) {
      expect(lowS(compact)).toBeNull();
    }
    expect(lowS(new Uint8Array(64).fill(0xff))).toBeNull();
  });
});

describe("nearSecp256k1Signature", () => {
  it("finds the recovery id that the signer knew, for either s, so that NEAR verifies it", () => {
    for (let i = 0; i < 30; i++) {
      const [secretKey, hash] = [bytesOf(`key ${i}`), bytesOf(`hash ${i}`)];
      const recovered = secp256k1.sign(hash, secretKey, { prehash: false, format: "recovered" });
      const compact = recovered.subarray(1);
      const data = uncompressed(secretKey);
      const expected = Uint8Array.of(...compact, recovered[0] ?? 0);
      expect(nearSecp256k1Signature(compact, hash, data)).toEqual(expected);
      expect(nearSecp256k1Signature(otherS(compact), hash, data)).toEqual(expected);
      const signature = { type: "secp256k1", data: expected } as const;
      expect(verifySignature({ type: "secp256k1", data }, hash, signature)).toBe(true);
    }
  });

  it("gives the ids 2 and 3 where the chosen point's x is above the order", () => {
    // No message is known that gives such a point; any key that such a signature recovers to will do.
    const x = smallXAboveOrder();
    for (const recoveryId of [2, 3]) {
      const signature = signatureOf(x - ORDER, 11n).addRecoveryBit(recoveryId);
      const key = signature.recoverPublicKey(HASH).toBytes(false).subarray(1);
      expect(nearSecp256k1Signature(signature.toBytes("compact"), HASH, key)[64]).toBe(recoveryId);
    }
  });

  it("takes a hash that is above the order", () => {
    const hash = new Uint8Array(32).fill(0xff);
    const secretKey = new Uint8Array(32).fill(7);
    const compact = secp256k1.sign(hash, secretKey, { prehash: false });
    const data = nearSecp256k1Signature(compact, hash, uncompressed(secretKey));
    const key = { type: "secp256k1", data: uncompressed(secretKey) } as const;
    expect(verifySignature(key, hash, { type: "secp256k1", data })).toBe(true);
  });

  it("refuses a signature of another key, of another hash, or with a bit changed", () => {
    const secretKey = new Uint8Array(32).fill(7);
    const compact = secp256k1.sign(HASH, secretKey, { prehash: false });
    const key = uncompressed(secretKey);
    const changed = Uint8Array.from(compact, (byte, i) => (i === 40 ? byte ^ 1 : byte));
    const other = uncompressed(new Uint8Array(32).fill(8));
    const otherHash = createHash("sha256").update("other").digest();
    expect(() => nearSecp256k1Signature(compact, HASH, other)).toThrow("is not a signature of the key");
    expect(() => nearSecp256k1Signature(compact, otherHash, key)).toThrow("is not a signature of the key");
    expect(() => nearSecp256k1Signature(changed, HASH, key)).toThrow("is not a signature of the key");
  });
});

/** The least x above the order that is a point's. */
function smallXAboveOrder(): bigint {
  for (let x = ORDER + 1n; ; x++) {
    try {
      secp256k1.Point.fromHex(`02${x.toString(16)}`);
      return x;
    } catch {
      // Half of the numbers are no point's x.
    }
  }
}
