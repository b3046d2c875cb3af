/** Reads the option --nonce: decimal digits below 2^64. Throws an Error for the operator. */
export function nonceFrom(text: string): bigint {
  const nonce = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (nonce >= 0n && nonce < 1n << 64n) return nonce;
  throw new Error("--nonce must be a whole number below 2^64");
}
