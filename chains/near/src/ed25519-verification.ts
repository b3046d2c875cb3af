import { createPublicKey, verify } from "node:crypto";

/** Bytes of an Ed25519 public key, and of a signature (RFC 8032). */
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** DER of SubjectPublicKeyInfo for Ed25519 up to the 32 bytes of the key (RFC 8410, section 4). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

type Verify = (publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array) => boolean;

/**
 * libsodium where npm brings its addon for the platform, and OpenSSL elsewhere, which takes more than twice as long.
 */
const verifyWithLibrary: Verify = await import("sodium-native").then(
  ({ default: sodium }) =>
    (publicKey, data, signature) =>
      sodium.crypto_sign_verify_detached(signature, data, publicKey),
  () => verifyWithOpenSsl,
);

/**
 * Whether the signature is the key's over the data (Ed25519, RFC 8032). What has not the size of a key or a signature, or
 * is no point, verifies nothing. For public values: a key is 32 bytes.
 */
export function isEd25519Signature(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return verifyWithLibrary(publicKey, data, signature);
}

export function verifyWithOpenSsl(publicKey: Uint8Array, data: Uint8Array, signature: Uint8Array): boolean {
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), format: "der", type: "spki" });
  return verify(null, data, key, signature);
}
