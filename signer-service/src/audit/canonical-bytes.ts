/**
 * Joins values to bytes that can be read in one way only: a string as its length in bytes (u32) and its UTF-8, a
 * bigint as u64, bytes as they are (what they stand for fixes their length). Integers are big-endian. Throws
 * RangeError for an integer outside of u64.
 */
export function canonicalBytes(...values: readonly (string | bigint | Uint8Array)[]): Uint8Array {
  let size = 0;
  for (const value of values) size += sizeOf(value);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const value of values) at = write(bytes, at, value);
  return bytes;
}

function sizeOf(value: string | bigint | Uint8Array): number {
  if (typeof value === "bigint") return 8;
  return typeof value === "string" ? 4 + Buffer.byteLength(value) : value.length;
}

/** Answers where the next value goes. */
function write(bytes: Buffer, at: number, value: string | bigint | Uint8Array): number {
  if (typeof value === "bigint") return bytes.writeBigUInt64BE(value, at);
  if (typeof value !== "string") {
    bytes.set(value, at);
    return at + value.length;
  }
  const length = bytes.write(value, at + 4);
  bytes.writeUInt32BE(length, at);
  return at + 4 + length;
}
