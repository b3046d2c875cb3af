import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import type { PublicKey } from "@countersign/near";

/** DER of PrivateKeyInfo for Ed25519 up to the 32 bytes of the seed (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
/** Bytes of a SubjectPublicKeyInfo before the 32 bytes of the key (RFC 8410, section 4). */
const SPKI_PREFIX_BYTES = 12;

/** Bytes of an Ed25519 seed. */
export const SEED_BYTES = 32;

/** Imports a seed into OpenSSL; the copy made on the way is wiped, the caller wipes its own. */
export function privateKeyFromSeed(seed: Uint8Array): KeyObject {
  if (seed.length !== SEED_BYTES) throw new RangeError(`a seed has ${SEED_BYTES} bytes, not ${seed.length}`);
  const der = Buffer.concat([PKCS8_PREFIX, seed]);
  try {
    return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  } finally {
    der.fill(0);
  }
}

/** The public half of an Ed25519 private key. */
export function publicKeyOf(privateKey: KeyObject): PublicKey {
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return { type: "ed25519", data: Uint8Array.from(spki.subarray(SPKI_PREFIX_BYTES)) };
}
