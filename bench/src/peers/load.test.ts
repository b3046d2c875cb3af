import { expect, test } from "vitest";
import type { PreSigned } from "../relay/wallets.ts";
import type { Answer, Contender } from "./contender.ts";
import { load } from "./load.ts";

const delegates: PreSigned[] = ["a.test", "b.test", "c.test"].map((accountId) => ({
  accountId,
  publicKey: "",
  signedDelegate: new Uint8Array(),
}));

/** A relay that answers so; the rest of it is not called by a load. */
function answering(submit: Contender["submit"]): Contender {
  return { submit } as Contender;
}

test("each delegate is submitted once, and its caller's answer is kept", async () => {
  const answers: Record<string, Answer> = {
    "a.test": { kind: "succeeded" },
    "b.test": { kind: "failed", why: "expired" },
    "c.test": { kind: "unknown" },
  };
  const relay = answering(async ({ accountId }) => answers[accountId] as Answer);
  const calls = await load(relay, delegates, { concurrency: 2, windowMs: 60_000, graceMs: 0 });
  const told = calls.map(({ accountId, outcome, why }) => [accountId, outcome, why]);
  expect(told.toSorted()).toEqual([
    ["a.test", "succeeded", undefined],
    ["b.test", "failed", "expired"],
    ["c.test", "open", undefined],
  ]);
});

test("calls without an answer are open when the time is over, and no others begin", async () => {
  const relay = answering(
    (_, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  );
  const calls = await load(relay, delegates, { concurrency: 2, windowMs: 5, graceMs: 5 });
  expect(calls.map(({ accountId, outcome }) => [accountId, outcome])).toEqual([
    ["a.test", "open"],
    ["b.test", "open"],
  ]);
});

test("what a relay's client throws ends the load", async () => {
  const relay = answering(async () => {
    throw new Error("a bug of the bench");
  });
  const loading = load(relay, delegates, { concurrency: 1, windowMs: 60_000, graceMs: 0 });
  await expect(loading).rejects.toThrow("a bug of the bench");
});
