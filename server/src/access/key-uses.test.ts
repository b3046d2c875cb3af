import { expect, test } from "vitest";
import { KeyUses } from "./key-uses.ts";

interface Written {
  readonly id: string;
  readonly at: Date;
}

/** Runs it with writes that the test answers one by one. */
function start(periodMs: number) {
  const writes: Written[][] = [];
  const failures: unknown[] = [];
  const stopping = new AbortController();
  let clock = 0;
  let failing = false;
  let onWrite = () => {};
  const uses = new KeyUses({
    store: {
      touchApiKeys: async (written) => {
        writes.push([...written]);
        onWrite();
        if (failing) throw new Error("the ledger is away");
      },
    },
    now: () => new Date(clock),
    periodMs,
    onFailed: (error) => failures.push(error),
  });
  const running = uses.run(stopping.signal);
  return {
    uses,
    writes,
    failures,
    at: (ms: number) => {
      clock = ms;
    },
    fail: (fails: boolean) => {
      failing = fails;
    },
    nextWrite: () =>
      new Promise<void>((resolve) => {
        onWrite = resolve;
      }),
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

test("many uses of a key are one write, with the latest time", async () => {
  const { uses, writes, at, nextWrite, stop } = start(5);
  uses.note("a");
  at(7);
  uses.note("b");
  uses.note("a");
  await nextWrite();
  await stop();
  expect(writes).toEqual([
    [
      { id: "a", at: new Date(7) },
      { id: "b", at: new Date(7) },
    ],
  ]);
});

test("what was noted last is written when the relay stops", async () => {
  const { uses, writes, stop } = start(3_600_000);
  uses.note("a");
  await stop();
  expect(writes).toEqual([[{ id: "a", at: new Date(0) }]]);
});

test("nothing is written when no key was used", async () => {
  const { writes, stop } = start(3_600_000);
  await stop();
  expect(writes).toEqual([]);
});

test("uses that the ledger did not take are written with the next ones", async () => {
  const { uses, writes, failures, at, fail, nextWrite, stop } = start(5);
  fail(true);
  uses.note("a");
  uses.note("b");
  await nextWrite();
  fail(false);
  at(9);
  uses.note("b");
  await stop();
  expect(failures).toHaveLength(1);
  expect(writes.at(-1)).toEqual([
    { id: "a", at: new Date(0) },
    { id: "b", at: new Date(9) },
  ]);
});
