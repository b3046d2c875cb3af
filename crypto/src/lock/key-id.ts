import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { base64urlnopad } from "@scure/base";
import { LockError } from "./lock-error.ts";

const DOMAIN = utf8ToBytes("countersign/lock-key-id/v1");

/** Bytes that are in a key id. */
export const KEY_ID_SIZE = 16;

/** A lock key's name: base64url of 16 bytes of the hash of its commitment, 22 characters. */
export function lockKeyId(suiteNumber: number, commitment: Uint8Array): string {
  const hash = sha256(concatBytes(DOMAIN, Uint8Array.of(suiteNumber), commitment));
  return base64urlnopad.encode(hash.subarray(0, KEY_ID_SIZE));
}

/** The 16 bytes of a key id. Throws LockError for what is none. */
export function keyIdBytes(keyId: string): Uint8Array {
  if (/^[\w-]{21}[AQgw]$/.test(keyId)) return base64urlnopad.decode(keyId);
  throw new LockError("INVALID_ENVELOPE", "a key id is not 16 bytes in base64url");
}
