import { secp256k1 } from "@noble/curves/secp256k1.js";
import { answerRefused } from "./backend-failure.ts";
import { recoverableSignature } from "./recoverable-signature.ts";

/** SEQUENCE of two INTEGERs of at most 33 bytes each, all with one-byte lengths. */
const MAX_DER_BYTES = 72;

/**
 * An ECDSA signature over secp256k1 in DER (RFC 3279, section 2.2.3) as r ‖ s, 64 bytes; s as it was. Throws a
 * DomainError SIGNER_SELF_CHECK_FAILED for anything else than strict DER of two numbers in the group's range.
 */
export function compactFromDer(der: Uint8Array): Uint8Array {
  try {
    if (der.length > MAX_DER_BYTES) throw new RangeError(`${der.length} bytes`);
    return secp256k1.Signature.fromBytes(der, "der").toBytes("compact");
  } catch (cause) {
    throw answerRefused("the answer is not DER of an ECDSA signature over secp256k1", cause);
  }
}

/**
 * NEAR's form of a signature over secp256k1: r, the low s and the recovery id, 65 bytes. `compact` is r ‖ s with
 * either s, `hash` the 32 bytes that were signed, `publicKey` x ‖ y (64 bytes) of the key that signed.
 *
 * Throws a DomainError SIGNER_SELF_CHECK_FAILED if it is not a signature of this key.
 */
export function nearSecp256k1Signature(
  compact: Uint8Array,
  hash: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  const signature = recoverableSignature(compact, hash, publicKey);
  if (signature === null) throw answerRefused("the answer is not a signature of the key");
  return signature;
}
