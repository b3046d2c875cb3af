import { describe, expect, it } from "vitest";
import { SessionPool } from "./session-pool.ts";
import type { SessionThread } from "./session-thread.ts";
import { TokenFailure } from "./token-failure.ts";

/** A thread whose calls end when the test says so; how full it is, the pool asks the thread. */
function thread(isUsable = true) {
  const calls: PromiseWithResolvers<string>[] = [];
  return {
    isUsable,
    calls,
    get outstanding() {
      return calls.length;
    },
    work() {
      const call = Promise.withResolvers<string>();
      calls.push(call);
      return call.promise;
    },
    async answer(text: string) {
      calls.shift()?.resolve(text);
      // The pool learns of it in later microtasks.
      await new Promise(setImmediate);
    },
  };
}

type FakeThread = ReturnType<typeof thread>;
/** Calls that a thread is given at a time. */
const FULL = 16;
const poolOf = (...threads: FakeThread[]) => new SessionPool(threads as unknown as SessionThread[]);
const work = (t: SessionThread) => (t as unknown as FakeThread).work();

describe("a pool of sessions", () => {
  it("gives calls to the thread that has the least to do, sixteen at a time, and none to one that hangs", async () => {
    const [a, b, hanging] = [thread(), thread(), thread(false)];
    const pool = poolOf(a, b, hanging);
    for (let i = 0; i < 2 * FULL + 2; i++) void pool.run(work);
    expect([a, b, hanging].map((t) => t.outstanding)).toEqual([FULL, FULL, 0]);
    await a.answer("done");
    expect(a.outstanding).toBe(FULL);
  });

  it("answers those who wait in the order in which they came", async () => {
    const only = thread();
    const pool = poolOf(only);
    const ended: number[] = [];
    const calls = Array.from({ length: FULL + 3 }, (_, i) => i);
    for (const i of calls) void pool.run(work).then(() => ended.push(i));
    for (const _ of calls) await only.answer("done");
    expect(ended).toEqual(calls);
  });

  it("goes on after a call that failed", async () => {
    const only = thread();
    const pool = poolOf(only);
    const results = Array.from({ length: FULL + 1 }, () => pool.run(work));
    only.calls.shift()?.reject(new TokenFailure("key", "no"));
    await expect(results[0]).rejects.toThrow("no");
    for (let i = 0; i < FULL; i++) await only.answer("done");
    await expect(Promise.all(results.slice(1))).resolves.toHaveLength(FULL);
  });

  it("refuses more calls than it can keep", async () => {
    const pool = poolOf(thread());
    for (let i = 0; i < FULL + 8_192; i++) void pool.run(work);
    await expect(pool.run(work)).rejects.toMatchObject({ kind: "busy" });
  });

  it("lets nobody wait for threads that have all ended", async () => {
    await expect(poolOf(thread(false), thread(false)).run(work)).rejects.toMatchObject({ kind: "lost" });
  });

  it("that is stopped refuses those who wait, and is idle when those that run have ended", async () => {
    const only = thread();
    const pool = poolOf(only);
    const calls = Array.from({ length: FULL + 2 }, () => pool.run(work));
    pool.stop(new TokenFailure("lost", "gone"));
    await expect(calls[FULL]).rejects.toThrow("gone");
    await expect(calls[FULL + 1]).rejects.toThrow("gone");
    await expect(pool.run(work)).rejects.toThrow("gone");
    let isIdle = false;
    const idle = pool.idle().then(() => {
      isIdle = true;
    });
    for (let i = 0; i < FULL; i++) {
      expect(isIdle).toBe(false);
      await only.answer("done");
    }
    await idle;
    expect(await Promise.all(calls.slice(0, FULL))).toEqual(Array(FULL).fill("done"));
  });
});
