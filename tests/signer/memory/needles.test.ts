import fc from "fast-check";
import { expect, it, onTestFinished, vi } from "vitest";
import { Needles } from "./support/needles.ts";

const named = (all: readonly Uint8Array[]) =>
  all.map((bytes, i) => ({ name: String(i), bytes: Buffer.from(bytes) }));

it("finds all needles that are there, and no others, however many zeros are around and inside of them", () => {
  const byte = fc.constantFrom(0, 0, 0, 1, 2);
  const needle = fc
    .array(byte, { minLength: 7, maxLength: 20 })
    .map((rest) => Uint8Array.from([...rest.slice(0, 3), 1, ...rest.slice(3)]));
  fc.assert(
    fc.property(
      fc.array(needle, { minLength: 1, maxLength: 5 }),
      fc.array(
        fc.oneof(
          fc.nat(4),
          fc.array(byte, { maxLength: 30 }).map((bytes) => Uint8Array.from(bytes)),
        ),
        { maxLength: 8 },
      ),
      (needles, parts) => {
        const pieces = parts.map((part) => (typeof part === "number" ? (needles[part] ?? []) : part));
        const haystack = Buffer.from(pieces.flatMap((piece) => [...piece]));
        const all = named(needles);
        const there = all.filter(({ bytes }) => haystack.includes(bytes)).map(({ name }) => name);
        expect([...new Needles(all).foundIn(haystack)].toSorted()).toEqual(there.toSorted());
      },
    ),
    { numRuns: 2_000 },
  );
});

it("compares nothing with zeros, which most of a memory is", () => {
  const needles = new Needles(named([Uint8Array.of(1, 2, 3, 4, 5, 6, 0, 0)]));
  const compare = vi.spyOn(Buffer.prototype, "compare");
  onTestFinished(() => compare.mockRestore());
  const haystack = Buffer.alloc(1 << 20);
  haystack.set([1, 2, 3, 4, 5, 6], 1 << 19);
  expect([...needles.foundIn(haystack)]).toEqual(["0"]);
  expect(compare.mock.calls.length).toBeLessThan(10);
});

it("a needle that begins with nothing but zeros is refused", () => {
  expect(() => new Needles(named([new Uint8Array(32)]))).toThrow("begins with zeros only: 0");
});
