import { checkPrimeSync } from "node:crypto";
import { invert } from "@noble/curves/abstract/modular.js";
import { bytesToNumberBE, numberToBytesBE } from "@noble/curves/utils.js";
import { describe, expect, it } from "vitest";
import vectors from "../../../tests/vectors/lock/ffdhe3072.json" with { type: "json" };
import { ffdhe3072 } from "./ffdhe3072.ts";
import { opensslPower } from "./ffdhe3072-node.ts";
import { blindedPower, P, publicPower, Q } from "./ffdhe3072-power.ts";
import { randomScalar } from "./lock-suite.ts";
import { describeKnownAnswers, describeLocks, faultOf, random } from "./suite-cases.ts";

const SIZE = 384;
const encode = (value: bigint) => numberToBytesBE(value, SIZE);

const openssl = ffdhe3072(opensslPower, random);
const integers = ffdhe3072(blindedPower(random), random);

describeKnownAnswers("ffdhe3072 with OpenSSL", openssl, vectors);
describeKnownAnswers("ffdhe3072 with JavaScript's integers", integers, vectors);
describeLocks("ffdhe3072", openssl, { unlocks: 5, bits: [77] });

describe("the prime", () => {
  it("is RFC 7919's formula", () => {
    // ⌊2^2942·e⌋ from e's series, with 64 bits more than are kept.
    let [term, sum] = [1n << 3006n, 1n << 3006n];
    for (let k = 1n; term > 0n; k++) {
      term /= k;
      sum += term;
    }
    expect(P).toBe(2n ** 3072n - 2n ** 3008n + ((sum >> 64n) + 2625351n) * 2n ** 64n - 1n);
  });

  it("is safe: p and (p − 1) / 2 are prime", () => {
    expect([checkPrimeSync(P), checkPrimeSync(Q)]).toEqual([true, true]);
    expect(2n * Q + 1n).toBe(P);
  });
});

describe("an element", () => {
  const square = bytesToNumberBE(openssl.multiplyBase(randomScalar(openssl, random)));
  it.each([
    ["0", 0n],
    ["1, the identity", 1n],
    ["p − 1", P - 1n],
    ["a non-residue", P - square],
    ["p", P],
    ["p + 1, which is the identity unreduced", P + 1n],
    ["p + 4, which is a residue unreduced", P + 4n],
    ["2^3072 − 1", 2n ** 3072n - 1n],
  ])("is not %s", (_, value) => {
    expect(faultOf(() => openssl.assertElement(encode(value)))).toBe("INVALID_ELEMENT");
  });

  it("is a quadratic residue below p, however many zeros it begins with", () => {
    for (const value of [2n, 4n, 9n, square]) {
      openssl.assertElement(encode(value));
    }
  });
});

describe("a scalar", () => {
  it("is below q", () => {
    expect(faultOf(() => openssl.assertScalar(encode(Q)))).toBe("INVALID_SCALAR");
    openssl.assertScalar(encode(Q - 1n));
  });
});

describe("a power", () => {
  const powers = { openssl: opensslPower, integers: blindedPower(random) };

  it.each(Object.entries(powers))("is the same with %s, for short and long numbers", (_, power) => {
    const bases = [2n, 1n << 70n, bytesToNumberBE(openssl.multiplyBase(encode(12_345n)))];
    const exponents = [1n, 127n, 128n, 256n, Q - 1n];
    for (const base of bases) {
      for (const exponent of exponents) {
        expect(bytesToNumberBE(power(encode(base), encode(exponent)))).toBe(publicPower(base, exponent));
      }
    }
    // The last of each, by another way than powers.
    expect(bytesToNumberBE(power(encode(2n), encode(Q - 1n)))).toBe(invert(2n, P));
    expect(bytesToNumberBE(power(encode(2n), encode(200n)))).toBe(2n ** 200n);
  });

  it("with JavaScript's integers goes through other digits each time, and wipes what it took", () => {
    const given: Uint8Array[] = [];
    const power = blindedPower((size) => {
      const bytes = random(size);
      given.push(bytes);
      return bytes;
    });
    expect(power(encode(2n), encode(5n))).toEqual(power(encode(2n), encode(5n)));
    expect(given).toEqual([new Uint8Array(8), new Uint8Array(8)]);
    expect(faultOf(() => blindedPower(() => new Uint8Array(7))(encode(2n), encode(5n)))).toBe(
      "INVALID_SCALAR",
    );
  });
});
