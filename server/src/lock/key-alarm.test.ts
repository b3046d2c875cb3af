import { expect, test } from "vitest";
import { MemoryRateLimiter } from "../shared-state/memory-rate-limiter.ts";
import { KeyAlarm } from "./key-alarm.ts";

function alarmOver() {
  const clock = { ms: 0 };
  const told: { keyId: string; quiet: boolean }[] = [];
  const alarm = new KeyAlarm({
    limiter: new MemoryRateLimiter(() => clock.ms),
    rate: { perSecond: 0.0001, burst: 2 },
    onBusy: (busy) => told.push(busy),
    monotonicMs: () => clock.ms,
  });
  return { alarm, clock, told };
}

test("it is silent up to the rate, and tells of each key by itself", async () => {
  const { alarm, told } = alarmOver();
  for (const keyId of ["a", "a", "b", "b"]) await alarm.note(keyId);
  expect(told).toEqual([]);
  await alarm.note("a");
  expect(told).toEqual([{ keyId: "a", quiet: false }]);
});

test("it is loud once a minute for each key", async () => {
  const { alarm, clock, told } = alarmOver();
  for (const keyId of ["a", "a", "b", "b"]) await alarm.note(keyId);
  for (const ms of [0, 59_999, 60_000, 60_001]) {
    clock.ms = ms;
    await alarm.note("a");
  }
  await alarm.note("b");
  expect(told.map(({ quiet }) => quiet)).toEqual([false, true, false, true, false]);
});
