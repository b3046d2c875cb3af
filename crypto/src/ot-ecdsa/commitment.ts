import { equalBytes } from "@noble/curves/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

export const RANDOMIZER_SIZE = 32;

const HASH_LABEL = utf8ToBytes("Near threshold signature generic hash");
const COMMITMENT_LABEL = utf8ToBytes("Near threshold signature commitment");
const DATA_LABEL = utf8ToBytes("start data");

/** The protocol's hash, 32 bytes, of a value in its canonical encoding. */
export function hashOf(encoded: Uint8Array): Uint8Array {
  return sha256(concatBytes(HASH_LABEL, encoded));
}

/** A commitment, 32 bytes, to a value in its canonical encoding, which the randomizer (32 bytes) hides. */
export function commitTo(encoded: Uint8Array, randomizer: Uint8Array): Uint8Array {
  return sha256(concatBytes(COMMITMENT_LABEL, randomizer, DATA_LABEL, encoded));
}

/** Whether the value and the randomizer open the commitment. */
export function opens(commitment: Uint8Array, encoded: Uint8Array, randomizer: Uint8Array): boolean {
  return equalBytes(commitTo(encoded, randomizer), commitment);
}
