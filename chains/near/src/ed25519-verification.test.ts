import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { expect, it } from "vitest";
import { isEd25519Signature, verifyWithOpenSsl } from "./ed25519-verification.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const key = rawOf(publicKey);
const text = Buffer.from("transaction");
const signature = sign(null, text, privateKey);

it("verifies what RFC 8032 says in its section 7.1, test 3", () => {
  const known = Buffer.from("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "hex");
  const bytes = Buffer.from(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    "hex",
  );
  expect(isEd25519Signature(known, Buffer.from("af82", "hex"), bytes)).toBe(true);
  expect(isEd25519Signature(known, Buffer.from("af83", "hex"), bytes)).toBe(false);
});

it("agrees with OpenSSL on signatures with one bit changed", () => {
  for (let bit = 0; bit < 512; bit += 3) {
    const changed = Buffer.from(signature);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(isEd25519Signature(key, text, changed)).toBe(false);
    expect(verifyWithOpenSsl(key, text, changed)).toBe(false);
  }
  expect(isEd25519Signature(key, text, signature)).toBe(true);
  expect(verifyWithOpenSsl(key, text, signature)).toBe(true);
});

it("verifies nothing that has more or fewer bytes than a key or a signature", () => {
  for (const wrong of [
    signature.subarray(0, 63),
    Buffer.concat([signature, Buffer.alloc(1)]),
    Buffer.alloc(0),
  ]) {
    expect(isEd25519Signature(key, text, wrong)).toBe(false);
  }
  for (const wrong of [key.subarray(0, 31), Buffer.concat([key, Buffer.alloc(1)]), Buffer.alloc(0)]) {
    expect(isEd25519Signature(wrong, text, signature)).toBe(false);
  }
});

it("takes no key of small order, under which anybody could sign", () => {
  // The neutral element as the key, and as R with s = 0: the equation of RFC 8032 holds for every message.
  const neutral = Buffer.from(`01${"00".repeat(31)}`, "hex");
  expect(isEd25519Signature(neutral, text, Buffer.concat([neutral, Buffer.alloc(32)]))).toBe(false);
});

it("runs libsodium here", async () => {
  await expect(import("sodium-native")).resolves.toHaveProperty("default.crypto_sign_verify_detached");
});

function rawOf(from: KeyObject): Uint8Array {
  return from.export({ format: "der", type: "spki" }).subarray(-32);
}
