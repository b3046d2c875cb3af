import { describe, expect, it } from "vitest";
import { bitAt, select, transpose, xor, xorIf } from "./bits.ts";
import { random } from "./test-tools.ts";

describe("bits", () => {
  it("are counted from the lowest of the first byte", () => {
    const bits = Uint8Array.of(0b0000_0010, 0b1000_0000);
    expect(Array.from({ length: 16 }, (_, i) => bitAt(bits, i))).toEqual([
      0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
    ]);
  });

  it("select one of two", () => {
    const [one, zero] = [random("", 40), random("", 40)];
    expect(select(1, one, zero)).toEqual(one);
    expect(select(0, one, zero)).toEqual(zero);
  });

  it("are added by exclusive or, when a bit says so", () => {
    const target = Uint8Array.of(0b1100, 255);
    xorIf(0, target, Uint8Array.of(0b1010, 255));
    expect(target).toEqual(Uint8Array.of(0b1100, 255));
    xorIf(1, target, Uint8Array.of(0b1010, 255));
    expect(target).toEqual(Uint8Array.of(0b0110, 0));
    xor(target, target.slice());
    expect(target).toEqual(new Uint8Array(2));
  });
});

describe("a matrix of bits", () => {
  it.each([
    [8, 8],
    [16, 8],
    [8, 24],
    [1024, 128],
    [128, 1024],
  ])("of %i rows and %i columns is transposed", (rows, columns) => {
    const width = columns / 8;
    const matrix = random("", rows * width);
    const transposed = transpose(matrix, width);
    for (let n = 0; n < 500; n++) {
      const [row, column] = [(n * 7919) % rows, (n * 104729) % columns];
      const there = bitAt(matrix.subarray(row * width), column);
      expect(bitAt(transposed.subarray(column * (rows / 8)), row)).toBe(there);
    }
    expect(transpose(transposed, rows / 8)).toEqual(matrix);
  });
});
