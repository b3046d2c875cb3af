/**
 * The Jacobi symbol (a / n) of an odd n > 0: 0 when they share a factor; for a prime n, 1 for a quadratic residue and −1 for
 * the others. In variable time, so for public numbers: some milliseconds for 3,072 bits, where a power takes 60.
 */
export function jacobi(a: bigint, n: bigint): -1 | 0 | 1 {
  let [top, bottom, symbol] = [a % n, n, 1 as -1 | 1];
  while (top !== 0n) {
    const twos = trailingZeros(top);
    top >>= BigInt(twos);
    const low = Number(bottom & 7n);
    // (2 / n) is −1 for n = ±3 modulo 8.
    if (twos % 2 === 1 && (low === 3 || low === 5)) symbol = negated(symbol);
    // Quadratic reciprocity.
    if ((top & 3n) === 3n && low % 4 === 3) symbol = negated(symbol);
    [top, bottom] = [bottom % top, top];
  }
  return bottom === 1n ? symbol : 0;
}

function negated(symbol: -1 | 1): -1 | 1 {
  return symbol === 1 ? -1 : 1;
}

/** How often 2 divides a number that is not 0. */
function trailingZeros(value: bigint): number {
  for (let zeros = 0; ; zeros += 32) {
    const word = Number(BigInt.asUintN(32, value >> BigInt(zeros)));
    if (word !== 0) return zeros + 31 - Math.clz32(word & -word);
  }
}
