import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { baseDecode, baseEncode, PublicKey } from "near-api-js";
import type { Signature } from "./action.ts";

/** SubjectPublicKeyInfo of an Ed25519 key is this and the 32 key bytes (RFC 8410). */
const ED25519_SPKI = Buffer.from("302a300506032b6570032100", "hex");

const KEY_CACHE_SIZE = 10_000;
const keys = new Map<string, KeyObject>();

/**
 * Whether `signature` is over the 32-byte `hash` and made by `publicKey` (nearcore core/crypto/src/signature.rs,
 * Signature::verify). A signature of another curve than the key's is none.
 */
export function isSignedBy(publicKey: string, hash: Uint8Array, signature: Signature): boolean {
  if (publicKey.startsWith("ed25519:")) {
    return signature.keyType === 0 && verify(null, hash, ed25519Key(publicKey), signature.data);
  }
  if (signature.keyType !== 1) return false;
  // The last byte is the recovery id.
  if ((signature.data[64] ?? 4) > 3) return false;
  try {
    return PublicKey.from(publicKey).verify(hash, signature.data);
  } catch {
    return false;
  }
}

/** A signature as NEAR's JSON has it: `ed25519:<base58>` or `secp256k1:<base58>`. */
export function formatSignature(signature: Signature): string {
  return `${signature.keyType === 0 ? "ed25519" : "secp256k1"}:${baseEncode(signature.data)}`;
}

function ed25519Key(publicKey: string): KeyObject {
  const known = keys.get(publicKey);
  if (known !== undefined) return known;
  const bytes = baseDecode(publicKey.slice("ed25519:".length));
  const key = createPublicKey({ key: Buffer.concat([ED25519_SPKI, bytes]), format: "der", type: "spki" });
  if (keys.size >= KEY_CACHE_SIZE) keys.clear();
  keys.set(publicKey, key);
  return key;
}
