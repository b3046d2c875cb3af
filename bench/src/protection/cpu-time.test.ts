import { expect, test } from "vitest";
import { cpuPerCall, Rounds } from "./cpu-time.ts";
import type { Layer } from "./layer.ts";

/** Each call takes three microseconds of a clock that only calls move, and finishing takes ten. */
function layer(changes: Partial<Layer> = {}) {
  const state = { us: 0, seen: [] as number[] };
  const spending: Layer = {
    name: "spending",
    includes: "",
    concurrency: 1,
    calls: 5,
    call: async (i) => {
      state.seen.push(i);
      state.us += 3;
    },
    ...changes,
  };
  return { state, spending };
}

test("the time of a round is shared among its calls, what comes after them included", async () => {
  const { state, spending } = layer();
  expect(await cpuPerCall(spending, 0, () => state.us)).toBe(3);
  const finish = async () => {
    state.us += 10;
  };
  expect(await cpuPerCall({ ...spending, finish }, 0, () => state.us)).toBe(5);
});

test("what gets a round ready is not in its time", async () => {
  const { state, spending } = layer();
  const prepare = async () => {
    state.us += 1_000;
  };
  expect(await cpuPerCall({ ...spending, prepare }, 0, () => state.us)).toBe(3);
});

test("no call has the number of another, in flight together or in another round", async () => {
  const { state, spending } = layer({ concurrency: 3 });
  const rounds = new Rounds([spending]);
  await rounds.warmUp();
  await rounds.run(2);
  expect(state.seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, i) => i));
  expect(rounds.of(spending)).toHaveLength(2);
});
