import { randomScalar } from "@countersign/crypto/lock/lock-suite.ts";
import { ristretto255 } from "@countersign/crypto/lock/ristretto255.ts";
import {
  describeKnownAnswers,
  describeLocks,
  faultOf,
  random,
} from "@countersign/crypto/lock/suite-cases.ts";
import { libsodiumRistretto255 as suite } from "@countersign/signer-service/lock/libsodium-ristretto255.ts";
import { describe, expect, it } from "vitest";
import badEncodings from "../../vectors/lock/rfc9496-bad-encodings.json" with { type: "json" };
import vectors from "../../vectors/lock/ristretto255.json" with { type: "json" };

describeKnownAnswers("libsodium's ristretto255", suite, vectors);
describeLocks("libsodium's ristretto255", suite, { unlocks: 100, bits: [0, 255] });

it("10,000 random unlocks give back what was locked", () => {
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
