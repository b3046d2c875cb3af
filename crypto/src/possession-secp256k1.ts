// Proofs of possession for shares of threshold-secp256k1-ecdsa-2p-v1. R has 33 bytes and z 32, the hash is big-endian.
import type { Random } from "./encodings.ts";
import * as secp256k1 from "./keys-secp256k1.ts";
import { type PossessionContext, prove, verify } from "./possession.ts";

/** The proof that `share` belongs to `context.ownShare`: R, then z, 65 bytes. Takes 64 random bytes. Throws BadInput. */
export function proveSecp256k1(share: Uint8Array, context: PossessionContext, random: Random): Uint8Array {
  return prove(secp256k1, share, context, random);
}

/** Whether `proof` holds in this context. A proof or a context that is malformed does not. */
export function verifySecp256k1(proof: Uint8Array, context: PossessionContext): boolean {
  return verify(secp256k1, proof, context);
}
