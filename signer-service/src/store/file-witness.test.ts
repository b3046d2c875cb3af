import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ChainHead } from "./chain-head.ts";
import { FileWitness } from "./file-witness.ts";

const HASH = new Uint8Array(32);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function recorded(write: (seen: ChainHead) => Promise<void> = async () => {}) {
  const written: bigint[] = [];
  const failures: unknown[] = [];
  const witness = new FileWitness(
    async (seen) => {
      await write(seen);
      written.push(seen.sequence);
    },
    (error) => void failures.push(error),
  );
  return { written, failures, witness };
}

test("many entries are written down once a second, each time the last one", async () => {
  const { witness, written } = recorded();
  for (let sequence = 1n; sequence <= 50n; sequence++) witness.note(sequence, HASH);
  expect(written).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([50n]);
  witness.note(51n, HASH);
  await vi.advanceTimersByTimeAsync(1_000);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(written).toEqual([50n, 51n]);
});

test("an entry that is heard of late does not replace a younger one", async () => {
  const { witness, written } = recorded();
  witness.note(2n, HASH);
  witness.note(1n, HASH);
  await witness.close();
  expect(written).toEqual([2n]);
});

test("closing writes the last entry down at once, and none after it", async () => {
  const { witness, written } = recorded();
  witness.note(1n, HASH);
  await witness.close();
  expect(written).toEqual([1n]);
  witness.note(2n, HASH);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(written).toEqual([1n]);
});

test("a failure is told, and the next entry is tried again", async () => {
  const full = new Error("disk full");
  const { witness, written, failures } = recorded(async ({ sequence }) => {
    if (sequence === 1n) throw full;
  });
  witness.note(1n, HASH);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(failures).toEqual([full]);
  witness.note(2n, HASH);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([2n]);
});
