import { createPublicKey, verify } from "node:crypto";
import { type PublicKey, verifySignature } from "@countersign/near";

/** DER of SubjectPublicKeyInfo for Ed25519 up to the 32 bytes of the key (RFC 8410, section 4). */
const ED25519_SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/** Whether signature bytes are a key's over a 32-byte hash. */
export type SignatureCheck = (hash: Uint8Array, signature: Uint8Array) => Promise<boolean>;

/**
 * The check of one of the signer's own keys, for every signature that a backend gives: what `verifySignature` of
 * @countersign/near says, with Ed25519 on OpenSSL's threads and the key imported once.
 */
export function signatureCheck(publicKey: PublicKey): SignatureCheck {
  if (publicKey.type !== "ed25519") {
    return async (hash, data) => verifySignature(publicKey, hash, { type: publicKey.type, data });
  }
  const spki = Buffer.concat([ED25519_SPKI_PREFIX, publicKey.data]);
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  return (hash, signature) =>
    new Promise((resolve) => {
      verify(null, hash, key, signature, (error, valid) => resolve(error === null && valid));
    });
}
