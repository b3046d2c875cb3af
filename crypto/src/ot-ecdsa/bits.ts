// Bits in bytes, the lowest first: bit i is byte[i >> 3] >> (i & 7). All times are independent of secret bits.

/** Bit `index`: 0 or 1. */
export function bitAt(bits: Uint8Array, index: number): number {
  return ((bits[index >> 3] ?? 0) >> (index & 7)) & 1;
}

/** `one` when the bit is 1, `zero` when it is 0, without a branch. Both have the same length. */
export function select(bit: number, one: Uint8Array, zero: Uint8Array): Uint8Array {
  const mask = -bit;
  const chosen = new Uint8Array(one.length);
  for (let i = 0; i < chosen.length; i++)
    chosen[i] = (zero[i] ?? 0) ^ (mask & ((one[i] ?? 0) ^ (zero[i] ?? 0)));
  return chosen;
}

/** target ⊕= bits, when the bit is 1, without a branch. */
export function xorIf(bit: number, target: Uint8Array, bits: Uint8Array): void {
  const mask = -bit;
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) ^ (mask & (bits[i] ?? 0));
}

/** target ⊕= bits */
export function xor(target: Uint8Array, bits: Uint8Array): void {
  xorIf(1, target, bits);
}

/**
 * A matrix of bits with rows and columns exchanged: `width` is the bytes of a row. The numbers of rows and columns are
 * multiples of 8.
 */
export function transpose(matrix: Uint8Array, width: number): Uint8Array {
  const rows = matrix.length / width;
  const out = new Uint8Array(matrix.length);
  const outWidth = rows / 8;
  for (let row = 0; row < rows; row += 8) {
    for (let byte = 0; byte < width; byte++) {
      transposeBlock(matrix, row * width + byte, width, out, byte * 8 * outWidth + row / 8, outWidth);
    }
  }
  return out;
}

/** 8 by 8 bits in two words (Warren, Hacker's Delight, section 7-3). */
function transposeBlock(
  from: Uint8Array,
  at: number,
  width: number,
  to: Uint8Array,
  toAt: number,
  toWidth: number,
): void {
  let high = 0;
  let low = 0;
  for (let i = 7; i >= 4; i--) high = (high << 8) | (from[at + i * width] ?? 0);
  for (let i = 3; i >= 0; i--) low = (low << 8) | (from[at + i * width] ?? 0);
  let moved = (high ^ (high >>> 7)) & 0x00aa00aa;
  high ^= moved ^ (moved << 7);
  moved = (low ^ (low >>> 7)) & 0x00aa00aa;
  low ^= moved ^ (moved << 7);
  moved = (high ^ (high >>> 14)) & 0x0000cccc;
  high ^= moved ^ (moved << 14);
  moved = (low ^ (low >>> 14)) & 0x0000cccc;
  low ^= moved ^ (moved << 14);
  moved = (high & 0xf0f0f0f0) | ((low >>> 4) & 0x0f0f0f0f);
  low = ((high << 4) & 0xf0f0f0f0) | (low & 0x0f0f0f0f);
  for (let i = 0; i < 4; i++) {
    to[toAt + i * toWidth] = low >>> (8 * i);
    to[toAt + (4 + i) * toWidth] = moved >>> (8 * i);
  }
}
