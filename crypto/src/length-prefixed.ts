import { concatBytes } from "@noble/hashes/utils.js";

/** Each part with its length before it: u32, little-endian. No two lists of parts give the same bytes. */
export function lp(...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...parts.flatMap((part) => [u32le(part.length), part]));
}

/** `value` in 4 bytes, the lowest first. */
export function u32le(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
