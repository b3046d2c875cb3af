import { describe, expect, it } from "vitest";
import { jacobi } from "./jacobi.ts";

describe("the Jacobi symbol", () => {
  it("says which numbers are squares modulo a prime", () => {
    for (const p of [3n, 5n, 7n, 11n, 13n, 17n, 97n, 65_537n]) {
      const limit = p < 100n ? p : 100n;
      const squares = new Set(Array.from({ length: Number(p) }, (_, x) => (BigInt(x) * BigInt(x)) % p));
      for (let a = 0n; a < limit; a++) {
        expect(jacobi(a, p)).toBe(a === 0n ? 0 : squares.has(a) ? 1 : -1);
      }
    }
  });

  it("is Euler's criterion for a prime of 127 bits", () => {
    const p = 2n ** 127n - 1n;
    for (let a = 2n; a < 2n ** 120n; a = a * 37n + 5n) {
      let [power, base] = [1n, a % p];
      for (let e = (p - 1n) / 2n; e > 0n; e >>= 1n) {
        if (e & 1n) power = (power * base) % p;
        base = (base * base) % p;
      }
      expect(jacobi(a, p)).toBe(power === 1n ? 1 : -1);
      expect(jacobi(a << 64n, p)).toBe(jacobi(a, p));
    }
  });

  it("is 0 where there is a common factor", () => {
    expect(jacobi(21n, 49n)).toBe(0);
    expect(jacobi(0n, 9n)).toBe(0);
  });
});
