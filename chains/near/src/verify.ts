import { createPublicKey, verify } from "node:crypto";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import type { PublicKey, Signature } from "./keys.ts";

/** DER of SubjectPublicKeyInfo for Ed25519 up to the 32 bytes of the key (RFC 8410, section 4). */
const ED25519_SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/**
 * Whether `signature` is the key's over `hash` (32 bytes). What it accepts, nearcore's `Signature::verify`
 * accepts; a secp256k1 signature must also recover to the key, so that its recovery id cannot be altered.
 */
export function verifySignature(key: PublicKey, hash: Uint8Array, signature: Signature): boolean {
  if (key.type !== signature.type) return false;
  return key.type === "ed25519" ? verifyEd25519(key, hash, signature) : verifySecp256k1(key, hash, signature);
}

function verifyEd25519(key: PublicKey, hash: Uint8Array, signature: Signature): boolean {
  try {
    const spki = Buffer.concat([ED25519_SPKI_PREFIX, key.data]);
    return verify(null, hash, createPublicKey({ key: spki, format: "der", type: "spki" }), signature.data);
  } catch {
    return false;
  }
}

function verifySecp256k1(key: PublicKey, hash: Uint8Array, signature: Signature): boolean {
  const recovery = signature.data[64];
  if (recovery === undefined || recovery > 3) return false;
  try {
    const compact = secp256k1.Signature.fromBytes(signature.data.subarray(0, 64), "compact");
    if (compact.hasHighS()) return false;
    const recovered = compact.addRecoveryBit(recovery).recoverPublicKey(hash).toBytes(false);
    return Buffer.compare(recovered.subarray(1), key.data) === 0;
  } catch {
    return false;
  }
}
