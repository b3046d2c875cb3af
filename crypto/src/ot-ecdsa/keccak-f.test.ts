import { randomFillSync } from "node:crypto";
import { keccakP } from "@noble/hashes/sha3.js";
import { expect, test } from "vitest";
import { keccakF } from "./keccak-f.ts";

test("the permutation is noble's, for random states and for those with few bits", () => {
  const states = [
    ...Array.from({ length: 100 }, () => randomFillSync(new Uint32Array(50))),
    ...Array.from({ length: 50 }, (_, i) => new Uint32Array(50).fill(0x8000_0001, i, i + 1)),
    new Uint32Array(50),
    new Uint32Array(50).fill(0xffff_ffff),
  ];
  for (const theirs of states) {
    const ours = Int32Array.from(theirs);
    keccakF(ours);
    keccakP(theirs);
    expect(Uint32Array.from(ours)).toEqual(theirs);
  }
});
