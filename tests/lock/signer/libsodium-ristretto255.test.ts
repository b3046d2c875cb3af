import { randomScalar } from "@countersign/crypto/lock/lock-suite.ts";
import { ristretto255 } from "@countersign/crypto/lock/ristretto255.ts";
import {
  describeKnownAnswers,
  describeLocks,
  faultOf,
  random,
} from "@countersign/crypto/lock/suite-cases.ts";
import { chooseLibsodium } from "@countersign/signer-service/lock/choose-libsodium.ts";
import { wasmLibsodium } from "@countersign/signer-service/lock/libsodium-wasm.ts";
import { lockSuite, ristretto255Arithmetic } from "@countersign/signer-service/lock/lock-suites.ts";
import { describe, expect, it } from "vitest";
import badEncodings from "../../vectors/lock/rfc9496-bad-encodings.json" with { type: "json" };
import vectors from "../../vectors/lock/ristretto255.json" with { type: "json" };
import { nativeSuite } from "./native-suite.ts";

const { suite: wasmSuite } = await chooseLibsodium([wasmLibsodium]);
const WAYS = [
  { way: "in WebAssembly", suite: wasmSuite },
  ...(nativeSuite === undefined ? [] : [{ way: "of the system", suite: nativeSuite }]),
];

describe.each(WAYS)("libsodium $way", ({ suite }) => {
  describeKnownAnswers("ristretto255", suite, vectors);
  describeLocks("ristretto255", suite, { unlocks: 100, bits: [0, 255] });

  it("10,000 random unlocks give back what was locked", { timeout: 180_000 }, () => {
    const s = randomScalar(suite, random);
    const sInverse = suite.invert(s);
    for (let i = 0; i < 10_000; i++) {
      const [kek, c] = [suite.multiplyBase(randomScalar(suite, random)), randomScalar(suite, random)];
      const unlocked = suite.multiply(sInverse, suite.multiply(c, suite.multiply(s, kek)));
      expect(suite.multiply(suite.invert(c), unlocked)).toEqual(kek);
    }
  });

  it("computes what noble computes", () => {
    for (let i = 0; i < 100; i++) {
      const [a, b, c] = [1, 2, 3].map(() => randomScalar(suite, random)) as [
        Uint8Array,
        Uint8Array,
        Uint8Array,
      ];
      const element = ristretto255.multiplyBase(a);
      const wide = random(64);
      expect(suite.multiplyBase(a)).toEqual(element);
      expect(suite.multiply(b, element)).toEqual(ristretto255.multiply(b, element));
      expect(suite.invert(c)).toEqual(ristretto255.invert(c));
      expect(suite.addProduct(a, b, c)).toEqual(ristretto255.addProduct(a, b, c));
      expect(suite.reduceWide(wide)).toEqual(ristretto255.reduceWide(wide));
    }
  });

  describe("RFC 9496's bad encodings", () => {
    it.each(Object.entries(badEncodings))("are refused: %s", (_, encodings) => {
      for (const encoding of encodings) {
        expect(faultOf(() => suite.assertElement(Buffer.from(encoding, "hex")))).toBe("INVALID_ELEMENT");
      }
    });
  });

  it("a scalar is below the group's order, and not zero", () => {
    // ℓ of RFC 9496, section 4.4, little-endian.
    const order = Buffer.from("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", "hex");
    const largest = Buffer.from(order);
    largest[0] = 0xec;
    suite.assertScalar(largest);
    for (const bad of [
      order,
      Buffer.alloc(32),
      Buffer.alloc(32, 0xff),
      largest.subarray(1),
      Buffer.alloc(33),
    ]) {
      expect(faultOf(() => suite.assertScalar(bad))).toBe("INVALID_SCALAR");
    }
  });

  it("takes no more bytes than its memory has places for", () => {
    const element = suite.multiplyBase(randomScalar(suite, random));
    const long = new Uint8Array(33).fill(1);
    expect(() => suite.multiply(long, element)).toThrow(RangeError);
    expect(() => suite.multiplyBase(long)).toThrow(RangeError);
    expect(() => suite.invert(long)).toThrow(RangeError);
    expect(() => suite.addProduct(element, element, long)).toThrow(RangeError);
    expect(() => suite.reduceWide(new Uint8Array(65))).toThrow(RangeError);
  });

  it("multiplies elements alone", () => {
    const scalar = randomScalar(suite, random);
    for (const bad of [
      new Uint8Array(32),
      new Uint8Array(32).fill(0xff),
      suite.multiplyBase(scalar).slice(1),
    ]) {
      expect(faultOf(() => suite.multiply(scalar, bad))).toBe("INVALID_ELEMENT");
    }
  });
});

it.skipIf(nativeSuite === undefined)("the signer computes with the system's", () => {
  expect(ristretto255Arithmetic.name).toContain("libsodium.");
  expect(lockSuite(1)).toBe(ristretto255Arithmetic.suite);
});
