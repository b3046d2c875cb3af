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
const poolOf = (...threads: FakeThread[]) => new SessionPool(threads as unknown as SessionThread[]);
const work = (t: SessionThread) => (t as unknown as FakeThread).work();

describe("a pool of sessions", () => {
  it("gives calls to the thread that has the least to do, four at a time, and none to one that hangs", async () => {
    const [a, b, hanging] = [thread(), thread(), thread(false)];
    const pool = poolOf(a, b, hanging);
    for (let i = 0; i < 10; i++) void pool.run(work);
    expect([a, b, hanging].map((t) => t.outstanding)).toEqual([4, 4, 0]);
    await a.answer("done");
    expect(a.outstanding).toBe(4);
  });

  it("answers those who wait in the order in which they came", async () => {
    const only = thread();
    const pool = poolOf(only);
    const ended: number[] = [];
    for (let i = 0; i < 7; i++) void pool.run(work).then(() => ended.push(i));
    for (let i = 0; i < 7; i++) await only.answer("done");
    expect(ended).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it("goes on after a call that failed", async () => {
    const only = thread();
    const pool = poolOf(only);
    const results = Array.from({ length: 5 }, () => pool.run(work));
    only.calls.shift()?.reject(new TokenFailure("key", "no"));
    await expect(results[0]).rejects.toThrow("no");
    for (let i = 0; i < 4; i++) await only.answer("done");
    await expect(Promise.all(results.slice(1))).resolves.toHaveLength(4);
  });

  it("refuses more calls than it can keep", async () => {
    const pool = poolOf(thread());
    for (let i = 0; i < 4 + 8_192; i++) void pool.run(work);
    await expect(pool.run(work)).rejects.toMatchObject({ kind: "busy" });
  });

  it("lets nobody wait for threads that have all ended", async () => {
    await expect(poolOf(thread(false), thread(false)).run(work)).rejects.toMatchObject({ kind: "lost" });
  });

  it("that is stopped refuses those who wait, and is idle when those that run have ended", async () => {
    const only = thread();
    const pool = poolOf(only);
    const calls = Array.from({ length: 6 }, () => pool.run(work));
    pool.stop(new TokenFailure("lost", "gone"));
    await expect(calls[4]).rejects.toThrow("gone");
    await expect(calls[5]).rejects.toThrow("gone");
    await expect(pool.run(work)).rejects.toThrow("gone");
    let isIdle = false;
    const idle = pool.idle().then(() => {
      isIdle = true;
    });
    for (let i = 0; i < 4; i++) {
      expect(isIdle).toBe(false);
      await only.answer("done");
    }
    await idle;
    expect(await Promise.all(calls.slice(0, 4))).toEqual(["done", "done", "done", "done"]);
  });
});
