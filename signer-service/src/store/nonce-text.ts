const DIGITS = 20;
const U64_MAX = 2n ** 64n - 1n;

/** A nonce as a column keeps it: 20 digits. Throws RangeError outside of u64. */
export function nonceText(nonce: bigint): string {
  if (nonce < 0n || nonce > U64_MAX) throw new RangeError(`a nonce is not within u64: ${nonce}`);
  return nonce.toString().padStart(DIGITS, "0");
}

/** The nonce of a column; null stays null. */
export function nonceOf(text: string | null): bigint | null {
  return text === null ? null : BigInt(text);
}
