/**
 * Joins values to bytes that can be read in one way only: a string as its length in bytes (u32) and its UTF-8, a bigint
 * as u64, bytes as they are (their length is fixed by what they are). Integers are big-endian.
 * Throws RangeError for an integer outside u64.
 */
export function canonicalBytes(...values: readonly (string | bigint | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    values.flatMap((value) => {
      if (typeof value === "bigint") return [u64(value)];
      if (typeof value !== "string") return [value];
      const text = Buffer.from(value, "utf8");
      const length = Buffer.alloc(4);
      length.writeUInt32BE(text.length);
      return [length, text];
    }),
  );
}

function u64(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
