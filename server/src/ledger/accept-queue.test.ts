import { expect, test } from "vitest";
import { AcceptQueue } from "./accept-queue.ts";
import { LedgerUnavailableError } from "./errors.ts";
import type { AcceptInput, AcceptResult } from "./types.ts";

const FULL: AcceptResult = { outcome: "queue-full" };

/** As much of a submission as the queue looks at. */
function input(name: string, changes: Partial<AcceptInput> = {}): AcceptInput {
  const submission = { id: name, network: "n", accountId: "a", delegateHash: `hash-${name}` };
  const mark = { senderId: "a", publicKey: name, nonce: 1n, delegateHash: submission.delegateHash };
  return {
    ...{ tenant: "t", caller: "c", method: "m", idempotencyKey: name, maxOpen: 10 },
    submission,
    replayMark: { ...mark, maxBlockHeight: 1n },
    ...changes,
  } as AcceptInput;
}

function withMark(name: string, mark: Partial<NonNullable<AcceptInput["replayMark"]>>): AcceptInput {
  const { replayMark } = input(name);
  if (replayMark === null) throw new Error("it has one");
  return input(name, { replayMark: { ...replayMark, ...mark } });
}

/** A queue whose batches are noted, and decided when the test says so. */
function start() {
  const batches: string[][] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const queue = new AcceptQueue(async (inputs) => {
    batches.push(inputs.map(({ submission }) => submission.id));
    const end = Promise.withResolvers<void>();
    ends.push(end);
    await end.promise;
    return inputs.map(() => FULL);
  });
  /** Ends the batches under way, and those that follow from that. */
  const endAll = async (results: Promise<unknown>[]) => {
    const all = Promise.allSettled(results);
    let over = false;
    void all.then(() => {
      over = true;
    });
    while (!over) {
      for (const { resolve } of ends) resolve();
      await Promise.resolve();
    }
    return all;
  };
  return { queue, batches, endAll };
}

test("what comes in one go is decided together, in its order, and what comes meanwhile by the next batch", async () => {
  const { queue, batches, endAll } = start();
  const results = ["a", "b"].map((name) => queue.add(input(name)));
  await Promise.resolve();
  expect(batches).toEqual([["a", "b"]]);
  results.push(...["c", "d", "e"].map((name) => queue.add(input(name))));
  await Promise.resolve();
  expect(batches).toHaveLength(1);
  await endAll(results);
  expect(batches).toEqual([
    ["a", "b"],
    ["c", "d", "e"],
  ]);
});

test("tenants do not wait for each other", async () => {
  const { queue, batches, endAll } = start();
  const results = [queue.add(input("a")), queue.add(input("b", { tenant: "other" }))];
  await Promise.resolve();
  await Promise.resolve();
  expect(batches).toEqual([["a"], ["b"]]);
  await endAll(results);
});

test("a batch has 128 submissions at most", async () => {
  const { queue, batches, endAll } = start();
  await endAll(Array.from({ length: 258 }, (_, i) => queue.add(input(`n${i}`))));
  expect(batches.map(({ length }) => length)).toEqual([128, 128, 2]);
});

test.each<[string, AcceptInput, AcceptInput]>([
  ["idempotency key", input("a"), input("b", { idempotencyKey: "a" })],
  ["delegate's nonce", withMark("a", { publicKey: "k" }), withMark("b", { publicKey: "k" })],
  ["delegate's hash", withMark("a", { delegateHash: "h" }), withMark("b", { delegateHash: "h" })],
  ["exclusive account", input("a", { exclusiveAccount: true }), input("b", { exclusiveAccount: true })],
])("two with the same %s are decided one after the other", async (_, first, second) => {
  const { queue, batches, endAll } = start();
  await endAll([first, input("x"), second, input("y")].map((one) => queue.add(one)));
  expect(batches).toEqual([
    ["a", "x"],
    ["b", "y"],
  ]);
});

test("delegates of one key are decided together by rising nonce, and one that comes after a higher one waits", async () => {
  const { queue, batches, endAll } = start();
  const ofKey = [3n, 5n, 4n].map((nonce) => withMark(`n${nonce}`, { publicKey: "k", nonce }));
  await endAll(ofKey.map((one) => queue.add(one)));
  expect(batches).toEqual([["n3", "n5"], ["n4"]]);
});

test("an error that one of them may have brought ends that one alone", async () => {
  const batches: number[] = [];
  const queue = new AcceptQueue(async (inputs) => {
    batches.push(inputs.length);
    if (inputs.some(({ submission }) => submission.id === "bad")) throw new RangeError("bad");
    return inputs.map(() => FULL);
  });
  const results = await Promise.allSettled(["a", "bad", "c"].map((name) => queue.add(input(name))));
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(batches).toEqual([3, 1, 1, 1]);
});

test.each([
  ["40P01", [3, 1, 1, 1]],
  ["57P01", [3]],
])("a ledger that is away ends all, unless it says that it undid them (%s)", async (code, expected) => {
  const batches: number[] = [];
  const queue = new AcceptQueue(async (inputs) => {
    batches.push(inputs.length);
    if (inputs.length === 1) return [FULL];
    throw new LedgerUnavailableError("away", { cause: Object.assign(new Error("said so"), { code }) });
  });
  const results = await Promise.allSettled(["a", "b", "c"].map((name) => queue.add(input(name))));
  expect(batches).toEqual(expected);
  const status = expected.length > 1 ? "fulfilled" : "rejected";
  expect(results.map((result) => result.status)).toEqual([status, status, status]);
});
