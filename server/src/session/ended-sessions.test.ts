import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { expect, test } from "vitest";
import { EndedSessions } from "./ended-sessions.ts";

const MINUTE = 60_000;

/** A ledger of ended sessions, in order, and a clock, both in the test's hands. */
async function follow(ids: string[] = [], options: { sequenceAt?: bigint } = {}) {
  const world = { ids, clock: 0, fails: false, asked: 0, duringRead: () => {} };
  const store = {
    appSessionSequenceAt: async () => options.sequenceAt ?? 0n,
    appSessionEndings: async (after: bigint, limit: number) => {
      world.asked++;
      world.duringRead();
      if (world.fails) throw new Error("away");
      const sessionIds = world.ids.slice(Number(after), Number(after) + limit);
      return { sequence: after + BigInt(sessionIds.length), sessionIds };
    },
  };
  const failures: unknown[] = [];
  const told = Promise.withResolvers<void>();
  const ended = await EndedSessions.open({
    store,
    tokensLiveMs: 15 * MINUTE,
    now: () => new Date(),
    monotonicMs: () => world.clock,
    onFailed: (error) => {
      failures.push(error);
      told.resolve();
    },
    pollMs: 1,
  });
  /** Follows until the condition holds. */
  const until = async (holds: () => boolean) => {
    const stop = new AbortController();
    const running = ended.run(stop.signal);
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 1));
    stop.abort();
    await running;
  };
  return { ended, world, failures, until };
}

test("what ended of late is known from the start, and what ends later soon", async () => {
  const { ended, world, until } = await follow(["long ago", "a"], { sequenceAt: 1n });
  expect(["long ago", "a", "b"].map((id) => ended.has(id))).toEqual([false, true, false]);
  world.ids.push("b");
  await until(() => ended.has("b"));
});

test("more than fits into one answer is read at once", async () => {
  const { ended } = await follow(Array.from({ length: 2_500 }, (_, i) => `s${i}`));
  expect(ended.has("s0") && ended.has("s2499")).toBe(true);
});

test("when the ledger was not heard for two seconds, nothing is known", async () => {
  const { ended, world, failures, until } = await follow(["a"]);
  world.fails = true;
  await until(() => failures.length > 0);
  world.clock = 2_000;
  expect(ended.has("b")).toBe(false);
  world.clock = 2_001;
  expect(() => ended.has("b")).toThrow(expect.objectContaining({ reason: ErrorReason.LEDGER_UNAVAILABLE }));
  expect(() => ended.has("a")).toThrow();
  world.fails = false;
  const { asked } = world;
  await until(() => world.asked > asked + 1);
  expect(ended.has("b")).toBe(false);
});

test("an answer tells of the time when it was asked for, however late it comes", async () => {
  const { ended, world, until } = await follow();
  let reads = 0;
  world.duringRead = () => {
    // The first question takes three seconds, the second is not answered.
    if (reads++ === 0) world.clock += 3_000;
    else world.fails = true;
  };
  await until(() => reads > 1);
  expect(() => ended.has("a")).toThrow();
});

test("what this process ends counts at once, and is forgotten when no token of it can be good", async () => {
  const { ended, world, until } = await follow();
  ended.add(["a"]);
  expect(ended.has("a")).toBe(true);
  world.clock = 19 * MINUTE;
  await until(() => {
    try {
      return ended.has("a");
    } catch {
      return false;
    }
  });
  world.clock = 21 * MINUTE;
  await until(() => {
    try {
      return !ended.has("a");
    } catch {
      return false;
    }
  });
});
