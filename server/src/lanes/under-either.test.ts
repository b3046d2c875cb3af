import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { underEither } from "./under-either.ts";

test("aborts with the reason of whichever comes first, and lets go of both", async () => {
  for (const which of [0, 1]) {
    const both = [new AbortController(), new AbortController()] as const;
    const [one, other] = both.map(({ signal }) => signal) as [AbortSignal, AbortSignal];
    const reason = await underEither(one, other, async (signal) => {
      const aborted = new Promise((resolve) =>
        signal.addEventListener("abort", () => resolve(signal.reason)),
      );
      both[which]?.abort(`of ${which}`);
      return aborted;
    });
    expect(reason).toBe(`of ${which}`);
    expect([one, other].flatMap((signal) => getEventListeners(signal, "abort"))).toEqual([]);
  }
});

test("is aborted from the start under one that is", async () => {
  const open = new AbortController().signal;
  const aborted = AbortSignal.abort("before");
  expect(await underEither(open, aborted, async ({ reason }) => reason)).toBe("before");
  expect(await underEither(aborted, open, async ({ reason }) => reason)).toBe("before");
});

test("lets go of both when its body fails, and does not abort by itself", async () => {
  const [one, other] = [new AbortController().signal, new AbortController().signal];
  let seen: AbortSignal | undefined;
  const failing = underEither(one, other, async (signal) => {
    seen = signal;
    throw new Error("failed");
  });
  await expect(failing).rejects.toThrow("failed");
  expect(seen?.aborted).toBe(false);
  expect([one, other].flatMap((signal) => getEventListeners(signal, "abort"))).toEqual([]);
});
