import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, it } from "vitest";
import { encodeArray, encodeUint } from "./codec.ts";
import { commitTo, hashOf, opens } from "./commitment.ts";
import { flipped, random } from "./test-tools.ts";

describe("the protocol's hash", () => {
  it.each([
    [1, "36eac25ceeec7043a439eff5aab2aab0cb6e2e4816f5d669f4f23db74a2e7b5e"],
    [2, "a5417daf37b97a36186aaee1c133d6b97fff5298a66610da94e7576e641f4a94"],
  ])("of (0, participant %i) is the reference library's", (participant, expected) => {
    expect(bytesToHex(hashOf(encodeArray([encodeUint(0), encodeUint(participant)])))).toBe(expected);
  });
});

describe("a commitment", () => {
  it("is opened by its value and randomizer, and by no others", () => {
    const [value, randomizer] = [random("", 100), random("", 32)];
    const commitment = commitTo(value, randomizer);
    expect(opens(commitment, value, randomizer)).toBe(true);
    for (const bit of [0, 100, 255]) {
      expect(opens(flipped(commitment, bit), value, randomizer)).toBe(false);
      expect(opens(commitment, flipped(value, bit), randomizer)).toBe(false);
      expect(opens(commitment, value, flipped(randomizer, bit))).toBe(false);
    }
    expect(opens(commitment.subarray(1), value, randomizer)).toBe(false);
  });
});
