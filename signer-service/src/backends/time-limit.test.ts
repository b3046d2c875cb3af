import { expect, test } from "vitest";
import { withinTime } from "./time-limit.ts";

const never = () => new Promise<never>(() => undefined);

test("what is done in time gives its result", async () => {
  expect(await withinTime(60_000, undefined, async () => "done")).toBe("done");
});

test("what fails in time fails with its own error", async () => {
  const failure = new Error("broken");
  await expect(withinTime(60_000, undefined, () => Promise.reject(failure))).rejects.toBe(failure);
});

test("what does not listen to its signal is given up when its time is over", async () => {
  await expect(withinTime(1, undefined, never)).rejects.toMatchObject({ name: "TimeoutError" });
});

test("the caller's signal ends it with the caller's reason, and reaches the work", async () => {
  const caller = new AbortController();
  let given: AbortSignal | undefined;
  const ended = withinTime(60_000, caller.signal, (signal) => {
    given = signal;
    return never();
  });
  caller.abort(new Error("shutting down"));
  await expect(ended).rejects.toThrow("shutting down");
  expect(given?.aborted).toBe(true);
});

test("nothing is begun for a caller who has gone", async () => {
  const gone = AbortSignal.abort(new Error("gone"));
  let begun = false;
  const work = async () => {
    begun = true;
  };
  await expect(withinTime(60_000, gone, work)).rejects.toThrow("gone");
  expect(begun).toBe(false);
});
