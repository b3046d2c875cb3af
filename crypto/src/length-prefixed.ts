import { concatBytes } from "@noble/hashes/utils.js";

/** Each part with its length before it: u32, little-endian. No two lists of parts give the same bytes. */
export function lp(...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...parts.flatMap((part) => [u32le(part.length), part]));
}

/** `value` in 4 bytes, the lowest first. */
export function u32le(value: number): Uint8Array {
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24);
}
