import { HASH_BYTES } from "./hash-text.ts";

type Value = string | bigint | Uint8Array;

/**
 * What an entry's hash is taken over: its kind's tag, the hash of the entry before (32 bytes) and its values. Throws
 * RangeError for another length, and for an integer outside of u64.
 */
export function chainedBytes(tag: string, previous: Uint8Array, ...values: readonly Value[]): Uint8Array {
  if (previous.length !== HASH_BYTES) {
    throw new RangeError(`a hash has ${HASH_BYTES} bytes, not ${previous.length}`);
  }
  return canonicalBytes(tag, previous, ...values);
}

/**
 * Joins values to bytes that can be read in one way only: a string as its length in bytes (u32) and its UTF-8, a
 * bigint as u64, bytes as they are (what they stand for fixes their length). Integers are big-endian.
 */
function canonicalBytes(...values: readonly Value[]): Uint8Array {
  let size = 0;
  for (const value of values) size += sizeOf(value);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const value of values) at = write(bytes, at, value);
  return bytes;
}

function sizeOf(value: Value): number {
  if (typeof value === "bigint") return 8;
  return typeof value === "string" ? 4 + Buffer.byteLength(value) : value.length;
}

/** Answers where the next value goes. */
function write(bytes: Buffer, at: number, value: Value): number {
  if (typeof value === "bigint") return bytes.writeBigUInt64BE(value, at);
  if (typeof value !== "string") {
    bytes.set(value, at);
    return at + value.length;
  }
  const length = bytes.write(value, at + 4);
  bytes.writeUInt32BE(length, at);
  return at + 4 + length;
}
