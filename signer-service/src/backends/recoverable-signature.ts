import { secp256k1 } from "@noble/curves/secp256k1.js";

// Signatures, hashes and public keys only: nothing here is secret, so nothing needs constant time. It is imported
// by the threads that talk to HSMs, and imports little for their sake.

const { Point, Signature } = secp256k1;

/**
 * The form of an ECDSA signature r ‖ s over secp256k1 (64 bytes) whose s is at most half of the group's order, the
 * only one that NEAR takes. HSMs and key services give either form. Null if r or s is out of range.
 */
export function lowS(compact: Uint8Array): Uint8Array | null {
  try {
    const signature = Signature.fromBytes(compact, "compact");
    if (!signature.hasHighS()) return signature.toBytes("compact");
    return new Signature(signature.r, Point.Fn.neg(signature.s)).toBytes("compact");
  } catch {
    return null;
  }
}

/**
 * r, the low s and the recovery id, 65 bytes. `compact` is r ‖ s with either s, `hash` the 32 bytes that were
 * signed, `publicKey` x ‖ y (64 bytes, a point of the curve) of the key that signed. Places that sign do not tell
 * the recovery id: it is the one that leads back to the public key. Null if none does, so that what is returned
 * is always a signature of this key.
 */
export function recoverableSignature(
  compact: Uint8Array,
  hash: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array | null {
  if (hash.length !== 32) throw new RangeError(`a hash has 32 bytes, not ${hash.length}`);
  const low = lowS(compact);
  if (low === null) return null;
  const { r, s } = Signature.fromBytes(low, "compact");
  // The point that the signer chose, as in verifying (SEC 1, section 4.1.4): its parity and whether its x was
  // above the group's order are the recovery id. One computation instead of up to four recoveries.
  const inverse = Point.Fn.inv(s);
  const ofBase = Point.Fn.mul(Point.Fn.create(BigInt(`0x${Buffer.from(hash).toString("hex")}`)), inverse);
  const ofKey = Point.Fn.mul(r, inverse);
  const key = Point.fromBytes(Uint8Array.of(4, ...publicKey));
  const chosen = Point.BASE.multiplyUnsafe(ofBase).add(key.multiplyUnsafe(ofKey));
  if (chosen.is0() || Point.Fn.create(chosen.x) !== r) return null;
  return Uint8Array.of(...low, (chosen.x === r ? 0 : 2) + Number(chosen.y & 1n));
}
