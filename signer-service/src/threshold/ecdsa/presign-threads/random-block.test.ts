import { expect, test } from "vitest";
import { RandomBlock } from "./random-block.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("all bytes are random and none comes twice, over the ends of blocks and after wiping", () => {
  const block = new RandomBlock();
  const seen = new Set<string>();
  for (let i = 0; i < 1_000; i++) {
    const bytes = block.take(i % 3 === 0 ? 16 : 32);
    expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
    expect(bytes.every((byte) => byte === 0)).toBe(false);
    // By their first 16 bytes: two draws that share memory, or a block that is used again, show.
    seen.add(hex(bytes.subarray(0, 16)));
    if (i % 100 === 0) block.wipe();
  }
  expect(seen.size).toBe(1_000);
});

test("what is given is the asker's own", () => {
  const block = new RandomBlock();
  const first = block.take(32);
  const before = hex(first);
  const second = block.take(32);
  second.fill(0);
  block.wipe();
  expect(hex(first)).toBe(before);
});

test("a block's size is the most that is given", () => {
  const block = new RandomBlock();
  expect(block.take(4_096)).toHaveLength(4_096);
  expect(() => block.take(4_097)).toThrow(RangeError);
});
