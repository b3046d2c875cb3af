import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { weigh, weightsOf } from "./carryless.ts";
import { random } from "./test-tools.ts";

/** The integer whose bits these are, the lowest first. */
const integer = (bytes: Uint8Array) => BigInt(`0x${bytesToHex(bytes.slice().reverse())}`);

/** By the book: shift and add without carrying. */
function product(a: bigint, b: bigint): bigint {
  let sum = 0n;
  for (let bit = 0n; bit < 128n; bit++) if ((b >> bit) & 1n) sum ^= a << bit;
  return sum;
}

const factor = (...bytes: number[]) => Uint8Array.from({ length: 16 }, (_, i) => bytes[i] ?? 0);

describe("carry-less products", () => {
  it("of small factors are the known ones", () => {
    // (x + 1)² = x² + 1; (x² + x + 1)·(x + 1) = x³ + 1
    expect(integer(weigh(factor(3), weightsOf(factor(3))))).toBe(5n);
    expect(integer(weigh(factor(7), weightsOf(factor(3))))).toBe(9n);
    expect(integer(weigh(factor(7), weightsOf(factor(0))))).toBe(0n);
  });

  it("of the largest factors reach the last bit but one", () => {
    const ones = new Uint8Array(16).fill(255);
    expect(integer(weigh(ones, weightsOf(ones)))).toBe(product(2n ** 128n - 1n, 2n ** 128n - 1n));
    const top = factor(...Array(15).fill(0), 0x80);
    expect(integer(weigh(top, weightsOf(top)))).toBe(1n << 254n);
  });

  it.each([1, 2, 8])("of %i pairs are summed", (pairs) => {
    for (let n = 0; n < 50; n++) {
      const [secret, weights] = [random("", pairs * 16), random("", pairs * 16)];
      let expected = 0n;
      for (let at = 0; at < secret.length; at += 16) {
        expected ^= product(integer(secret.subarray(at, at + 16)), integer(weights.subarray(at, at + 16)));
      }
      expect(integer(weigh(secret, weightsOf(weights)))).toBe(expected);
    }
  });

  it("are linear in the secret factor", () => {
    const weights = weightsOf(random("", 128));
    const [a, b] = [random("", 128), random("", 128)];
    const sum = a.map((byte, i) => byte ^ (b[i] ?? 0));
    expect(integer(weigh(sum, weights))).toBe(integer(weigh(a, weights)) ^ integer(weigh(b, weights)));
  });
});
