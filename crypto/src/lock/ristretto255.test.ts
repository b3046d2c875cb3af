import { hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import badEncodings from "../../../tests/vectors/lock/rfc9496-bad-encodings.json" with { type: "json" };
import vectors from "../../../tests/vectors/lock/ristretto255.json" with { type: "json" };
import { randomScalar } from "./lock-suite.ts";
import { ristretto255 as suite } from "./ristretto255.ts";
import { describeKnownAnswers, describeLocks, faultOf, random } from "./suite-cases.ts";

describeKnownAnswers("ristretto255", suite, vectors);
describeLocks("ristretto255", suite, { unlocks: 50, bits: [0, 77, 130, 255] });

describe("10,000 pairs of locks", () => {
  it("commute: what one takes off is what it put on, whatever the other did meanwhile", () => {
    const zero = new Uint8Array(suite.scalarSize);
    const multiply = (a: Uint8Array, b: Uint8Array) => suite.addProduct(zero, a, b);
    const s = randomScalar(suite, random);
    const sInverse = suite.invert(s);
    for (let i = 0; i < 10_000; i++) {
      const [k, c] = [randomScalar(suite, random), randomScalar(suite, random)];
      const locked = multiply(c, multiply(s, k));
      expect(multiply(suite.invert(c), multiply(sInverse, locked))).toEqual(k);
    }
  });
});

describe("RFC 9496's bad encodings", () => {
  it.each(Object.entries(badEncodings))("are refused: %s", (_, encodings) => {
    for (const encoding of encodings) {
      expect(faultOf(() => suite.assertElement(hexToBytes(encoding)))).toBe("INVALID_ELEMENT");
    }
  });
});

describe("a scalar", () => {
  it("is below the group's order", () => {
    // ℓ = 2^252 + 27742317777372353535851937790883648493 (RFC 9496, section 4.4), little-endian.
    const order = hexToBytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    expect(faultOf(() => suite.assertScalar(order))).toBe("INVALID_SCALAR");
    const largest = order.slice();
    largest[0] = 0xec;
    suite.assertScalar(largest);
  });
});
