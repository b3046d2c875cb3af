import { createPrivateKey, type KeyObject } from "node:crypto";
import type { Secret } from "@countersign/service-kit";
import { base58 } from "@scure/base";

/** DER of PrivateKeyInfo for Ed25519 up to the 32 bytes of the seed (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

const SEED_BYTES = 32;

/**
 * The Ed25519 private key of a seed of 32 bytes: 64 hexadecimal digits, base64 with its padding, or "ed25519:" and
 * base58, as `signer grant keygen` writes it. Throws TypeError for anything else, which does not repeat the text.
 */
export function seedKey(seed: Secret<string>): KeyObject {
  const der = Buffer.concat([PKCS8_PREFIX, seedBytes(seed.reveal())]);
  try {
    return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  } finally {
    der.fill(0);
  }
}

/** Whether a key can be made of it. */
export function isSeed(seed: Secret<string>): boolean {
  try {
    seedBytes(seed.reveal());
    return true;
  } catch {
    return false;
  }
}

/** Whether the seed is one byte over and over: no one drew that at random. */
export function isOneByteSeed(seed: Secret<string>): boolean {
  return isSeed(seed) && new Set(seedBytes(seed.reveal())).size === 1;
}

function seedBytes(text: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return Buffer.from(text, "base64");
  const seed = /^ed25519:[1-9A-HJ-NP-Za-km-z]{32,44}$/.test(text) ? base58.decode(text.slice(8)) : undefined;
  if (seed?.length === SEED_BYTES) return seed;
  throw new TypeError('a seed is 32 bytes, as 64 hexadecimal digits, as base64, or as "ed25519:" and base58');
}
