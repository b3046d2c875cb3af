import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { verifySignature } from "@countersign/near/verify";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { describe, expect, it } from "vitest";
import { BackendError } from "./backend-failure.ts";
import { ed25519PublicKeyFromSpki, secp256k1PublicKeyFromSpki } from "./subject-public-key.ts";

const spki = (key: KeyObject) => key.export({ format: "der", type: "spki" });
const HASH = new Uint8Array(32).fill(3);

const ed25519 = generateKeyPairSync("ed25519");
const ecdsa = (namedCurve: string) => generateKeyPairSync("ec", { namedCurve }).publicKey;

/** RFC 5480 with the point as it is given. */
const spkiOfPoint = (point: Uint8Array) =>
  Buffer.concat([
    Buffer.of(0x30, 21 + point.length, ...Buffer.from("301006072a8648ce3d020106052b8104000a", "hex")),
    Buffer.of(0x03, point.length + 1, 0),
    point,
  ]);

describe("a SubjectPublicKeyInfo", () => {
  it("of Ed25519 gives the key that verifies", () => {
    const key = ed25519PublicKeyFromSpki(spki(ed25519.publicKey));
    expect(key.data.length).toBe(32);
    const data = sign(null, HASH, ed25519.privateKey);
    expect(verifySignature(key, HASH, { type: "ed25519", data })).toBe(true);
  });

  it("of secp256k1 gives x and y, also where the point is compressed or a number begins with zeros", () => {
    let withZero = 0;
    for (let n = 1n; n < 600n; n++) {
      const point = secp256k1.Point.BASE.multiplyUnsafe(n);
      const expected = { type: "secp256k1", data: point.toBytes(false).subarray(1) };
      for (const compressed of [true, false]) {
        expect(secp256k1PublicKeyFromSpki(spkiOfPoint(point.toBytes(compressed)))).toEqual(expected);
      }
      if (expected.data[0] === 0 || expected.data[32] === 0) withZero++;
    }
    expect(withZero).toBeGreaterThan(0);
  });

  it.each([
    ["another curve", spki(ecdsa("prime256v1")), "one of P-256, not of secp256k1"],
    ["RSA", spki(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey), "one of RSA"],
    ["Ed25519", spki(ed25519.publicKey), "one of Ed25519, not of secp256k1"],
    [
      "a point that is not on the curve",
      spkiOfPoint(Uint8Array.of(4, ...new Uint8Array(64).fill(1))),
      "is not",
    ],
    ["nothing", Buffer.alloc(0), "is not a SubjectPublicKeyInfo"],
    ["a mebibyte", Buffer.alloc(2 ** 20), "a public key of 1048576 bytes"],
  ])("of %s is no key of secp256k1", (_, der, message) => {
    expect(() => secp256k1PublicKeyFromSpki(der)).toThrow(message);
    // No other try makes it one.
    expect(() => secp256k1PublicKeyFromSpki(der)).toThrow(BackendError);
  });

  it("of X25519 or secp256k1 is no key of Ed25519", () => {
    expect(() => ed25519PublicKeyFromSpki(spki(generateKeyPairSync("x25519").publicKey))).toThrow("X25519");
    expect(() => ed25519PublicKeyFromSpki(spki(ecdsa("secp256k1")))).toThrow("one of secp256k1");
  });
});
