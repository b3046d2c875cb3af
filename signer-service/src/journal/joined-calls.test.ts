import { expect, test } from "vitest";
import { JoinedCalls } from "./joined-calls.ts";

/** Answers each item with its double once `finish` is called; notes what came together. */
function start() {
  const runs: number[][] = [];
  const pending: { finish: () => void; fail: (error: unknown) => void }[] = [];
  const joined = new JoinedCalls(async (items: readonly number[]) => {
    runs.push([...items]);
    await new Promise<void>((finish, fail) => pending.push({ finish, fail }));
    return items.map((item) => 2 * item);
  });
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  return { joined, runs, pending, turn };
}

test("calls of one turn, and those that come meanwhile, go together and each gets its own answers", async () => {
  const { joined, runs, pending, turn } = start();
  const first = [joined.call([1]), joined.call([2, 3]), joined.call([])];
  await turn();
  const second = [joined.call([4]), joined.call([5])];
  await turn();
  expect(runs).toEqual([[1, 2, 3]]);
  pending[0]?.finish();
  expect(await Promise.all(first)).toEqual([[2], [4, 6], []]);
  await turn();
  expect(runs).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
  pending[1]?.finish();
  expect(await Promise.all(second)).toEqual([[8], [10]]);
});

test("at most 64 items go together, a call of more goes alone, and four run at once", async () => {
  const { joined, runs, pending, turn } = start();
  const sizes = [30, 34, 1, 65, 2, 64, 1];
  const calls = sizes.map((count) => joined.call(Array.from({ length: count }, (_, i) => i)));
  await turn();
  expect(runs.map((run) => run.length)).toEqual([64, 1, 65, 2]);
  for (const { finish } of pending) finish();
  await turn();
  expect(runs.map((run) => run.length).slice(4)).toEqual([64, 1]);
  for (const { finish } of pending) finish();
  expect((await Promise.all(calls)).map((answers) => answers.length)).toEqual(sizes);
});

test("calls that go together fail together, and the next ones do not", async () => {
  const { joined, pending, turn } = start();
  const calls = Promise.allSettled([joined.call([1]), joined.call([2])]);
  await turn();
  const next = joined.call([3]);
  pending[0]?.fail(new Error("away"));
  expect((await calls).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await turn();
  pending[1]?.finish();
  expect(await next).toEqual([6]);
});
