// Sums of carry-less products, polynomials over GF(2): what the check of the OT extension is made of.

/** Bytes of a factor. */
export const FACTOR_SIZE = 16;
/** Bytes of a product: it is not reduced. */
export const PRODUCT_SIZE = 32;

const WORDS = FACTOR_SIZE / 4;

/** Public factors, prepared: for each bit of a word, which words of which factors have it. */
export type Weights = readonly (readonly { readonly factor: number; readonly word: number }[])[];

/** Prepares public factors of 16 bytes each, one after the other. */
export function weightsOf(factors: Uint8Array): Weights {
  const words = wordsOf(factors);
  return Array.from({ length: 32 }, (_, bit) =>
    Array.from(words, (value, i) => ({ set: ((value >>> bit) & 1) === 1, i }))
      .filter(({ set }) => set)
      .map(({ i }) => ({ factor: i - (i % WORDS), word: i % WORDS })),
  );
}

/**
 * ⊕ of the products of the i-th 16 bytes of `secret` and the i-th weight, 32 bytes. What it does depends on the weights
 * alone: they are public, `secret` is not.
 */
export function weigh(secret: Uint8Array, weights: Weights): Uint8Array {
  const words = wordsOf(secret);
  const sum = new Uint32Array(2 * WORDS);
  for (let bit = 31; bit >= 0; bit--) {
    for (let i = sum.length - 1; i > 0; i--) sum[i] = ((sum[i] ?? 0) << 1) | ((sum[i - 1] ?? 0) >>> 31);
    sum[0] = (sum[0] ?? 0) << 1;
    for (const { factor, word } of weights[bit] ?? []) {
      for (let i = 0; i < WORDS; i++) sum[word + i] = (sum[word + i] ?? 0) ^ (words[factor + i] ?? 0);
    }
  }
  words.fill(0);
  const out = new Uint8Array(PRODUCT_SIZE);
  for (let i = 0; i < PRODUCT_SIZE; i++) out[i] = (sum[i >> 2] ?? 0) >>> (8 * (i & 3));
  return out;
}

/** Words of 32 bits, the lowest byte first. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(bytes.length / 4);
  for (let i = 0; i < bytes.length; i++) {
    words[i >> 2] = (words[i >> 2] ?? 0) | ((bytes[i] ?? 0) << (8 * (i & 3)));
  }
  return words;
}
