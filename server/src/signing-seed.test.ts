import { createPublicKey } from "node:crypto";
import { Secret } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { isSeed, seedKey } from "./signing-seed.ts";

// 32 bytes 0x55, and the public key that docs/audit.md has for them.
const PUBLIC_KEY = "c6822637c7d310ec57627be00ba259d253749f4aaf644470cffbe53a35f73242";
const FORMS = {
  hex: "55".repeat(32),
  base64: Buffer.alloc(32, 0x55).toString("base64"),
  "base58 after ed25519:": "ed25519:6k78AbasGMFFrhG95Pj6jQbqkVt7FQMhVgemxJovWKR6",
};

test.each(Object.entries(FORMS))("a seed in %s is the same key", (_, text) => {
  const der = createPublicKey(seedKey(new Secret(text))).export({ format: "der", type: "spki" });
  expect(der.subarray(-32).toString("hex")).toBe(PUBLIC_KEY);
});

test.each([
  ["base58 without its prefix", FORMS["base58 after ed25519:"].slice(8)],
  ["31 bytes in base58", "ed25519:1111111111111111111111111111111"],
  ["33 bytes in base58", `ed25519:1${FORMS["base58 after ed25519:"].slice(8)}`],
  ["a letter that base58 has not", FORMS["base58 after ed25519:"].replace("6", "0")],
  ["a secp256k1 key", FORMS["base58 after ed25519:"].replace("ed25519", "secp256k1")],
  ["63 digits", "5".repeat(63)],
])("%s is no seed", (_, text) => {
  expect(isSeed(new Secret(text))).toBe(false);
});
