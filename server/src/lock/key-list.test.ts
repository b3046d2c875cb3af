import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { KeyList } from "./key-list.ts";
import type { PublicLockKey } from "./lock-keys.ts";

function keyCalled(keyId: string): PublicLockKey {
  return { keyId, suite: LockSuite.RISTRETTO255_V1, commitment: new Uint8Array(32), current: true };
}

/** A list over a clock that a test moves, and over answers that it gives. */
function listOver(answers: (() => Promise<PublicLockKey[]>)[]) {
  const clock = { ms: 0 };
  let asked = 0;
  const keys = { list: () => (answers[asked++] ?? (() => Promise.reject(new Error("asked too often"))))() };
  const list = new KeyList({ keys, timeoutMs: 1_000, monotonicMs: () => clock.ms });
  return { list, clock, asked: () => asked };
}

test("a list is good for a second", async () => {
  const { list, clock } = listOver([async () => [keyCalled("a")], async () => [keyCalled("b")]]);
  expect(await list.get()).toEqual([keyCalled("a")]);
  clock.ms = 999;
  expect(await list.get()).toEqual([keyCalled("a")]);
  clock.ms = 1_000;
  expect(await list.get()).toEqual([keyCalled("b")]);
});

test("its second begins when it is asked for, not when it comes", async () => {
  const slow = Promise.withResolvers<PublicLockKey[]>();
  const { list, clock } = listOver([() => slow.promise, async () => [keyCalled("b")]]);
  const waiting = list.get();
  clock.ms = 1_500;
  slow.resolve([keyCalled("a")]);
  expect(await waiting).toEqual([keyCalled("a")]);
  expect(await list.get()).toEqual([keyCalled("b")]);
});

test("callers who come together share one question, and a failure is not remembered", async () => {
  const disabled = new DomainError(ErrorReason.LOCK_DISABLED, "no key yet");
  const { list, asked } = listOver([() => Promise.reject(disabled), async () => [keyCalled("a")]]);
  const outcomes = await Promise.allSettled([list.get(), list.get(), list.get()]);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
  expect(asked()).toBe(1);
  expect(await list.get()).toEqual([keyCalled("a")]);
});
