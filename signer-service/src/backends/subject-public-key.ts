import { createPublicKey, type JsonWebKey } from "node:crypto";
import type { PublicKey } from "@countersign/near";
import { BackendError } from "./backend-failure.ts";

/** Longest SubjectPublicKeyInfo that is read; those of the two curves have 44 and 88 bytes. */
const MAX_DER_BYTES = 256;

/**
 * The key of a SubjectPublicKeyInfo in DER for Ed25519 (RFC 8410, section 4): 32 bytes. Throws a BackendError that
 * says what it is instead; it holds nothing secret.
 */
export function ed25519PublicKeyFromSpki(der: Uint8Array): PublicKey {
  const { x } = parseSpki(der, "Ed25519");
  return { type: "ed25519", data: numbers(x) };
}

/**
 * The key of a SubjectPublicKeyInfo in DER for ECDSA over secp256k1 (RFC 5480): x ‖ y, 64 bytes, a point of the
 * curve. Throws a BackendError that says what it is instead; it holds nothing secret.
 */
export function secp256k1PublicKeyFromSpki(der: Uint8Array): PublicKey {
  const { x, y } = parseSpki(der, "secp256k1");
  return { type: "secp256k1", data: numbers(x, y) };
}

/** OpenSSL parses the key and checks that a point lies on its curve; JWK (RFC 7517) has its numbers at full length. */
function parseSpki(der: Uint8Array, curve: "Ed25519" | "secp256k1"): JsonWebKey {
  if (der.length > MAX_DER_BYTES)
    throw new BackendError(`a public key of ${der.length} bytes is none of ${curve}`);
  let key: JsonWebKey;
  try {
    key = createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" }).export({ format: "jwk" });
  } catch (cause) {
    throw new BackendError(`the public key is not a SubjectPublicKeyInfo of ${curve}`, { cause });
  }
  if (key.crv === curve) return key;
  throw new BackendError(`the public key is one of ${key.crv ?? key.kty ?? "another kind"}, not of ${curve}`);
}

function numbers(...texts: (string | undefined)[]): Uint8Array {
  return Uint8Array.from(texts.flatMap((text = "") => [...Buffer.from(text, "base64url")]));
}
