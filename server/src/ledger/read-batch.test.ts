import { expect, it, vi } from "vitest";
import { ReadBatch } from "./read-batch.ts";

it("reads what is asked for in one turn at once, and gives each its own", async () => {
  const read = vi.fn(async (keys: readonly number[]) => keys.map((key) => key * 10));
  const batch = new ReadBatch(read);
  expect(await Promise.all([1, 2, 3].map((key) => batch.get(key)))).toEqual([10, 20, 30]);
  expect(await batch.get(4)).toBe(40);
  expect(read.mock.calls).toEqual([[[1, 2, 3]], [[4]]]);
});

it("reads at most 128 at once", async () => {
  const read = vi.fn(async (keys: readonly number[]) => keys);
  const batch = new ReadBatch(read);
  const keys = Array.from({ length: 262 }, (_, i) => i);
  expect(await Promise.all(keys.map((key) => batch.get(key)))).toEqual(keys);
  expect(read.mock.calls.map(([asked]) => asked.length)).toEqual([128, 128, 6]);
});

it("fails those alone that were part of a read that fails", async () => {
  const batch = new ReadBatch(async (keys: readonly number[]) => {
    if (keys.includes(1)) throw new Error("away");
    return keys;
  });
  const ends = await Promise.allSettled(Array.from({ length: 129 }, (_, i) => batch.get(i)));
  expect(ends.slice(0, 128).every(({ status }) => status === "rejected")).toBe(true);
  expect(ends[128]).toEqual({ status: "fulfilled", value: 128 });
});

it("joins what is asked for while two reads are under way", async () => {
  const ends = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const asked: (readonly number[])[] = [];
  const batch = new ReadBatch(async (keys: readonly number[]) => {
    asked.push(keys);
    await ends[asked.length - 1]?.promise;
    return keys;
  });
  const turn = () => new Promise(setImmediate);
  const reads = [batch.get(1)];
  await turn();
  reads.push(batch.get(2));
  await turn();
  reads.push(batch.get(3));
  await turn();
  reads.push(batch.get(4));
  await turn();
  expect(asked).toEqual([[1], [2]]);
  ends[1]?.resolve();
  await Promise.all(reads.slice(1));
  expect(asked).toEqual([[1], [2], [3, 4]]);
  ends[0]?.resolve();
  expect(await Promise.all(reads)).toEqual([1, 2, 3, 4]);
});
