import { expect, it } from "vitest";
import { KeyRates } from "./key-rates.ts";

const RATE = { perSecond: 10, burst: 3 };

function atTime() {
  const clock = { now: 1_000 };
  const rates = new KeyRates(() => clock.now);
  const taken = (keyId = "a") => {
    try {
      rates.take(keyId, RATE);
      return "taken";
    } catch (error) {
      return (error as { retryAfterMs: number }).retryAfterMs;
    }
  };
  return { clock, taken };
}

it("a key signs its burst at once, and then is told when it may go on", () => {
  const { clock, taken } = atTime();
  expect([taken(), taken(), taken(), taken()]).toEqual(["taken", "taken", "taken", 100]);
  clock.now += 99;
  expect(taken()).toBe(1);
  clock.now += 1;
  expect([taken(), taken()]).toEqual(["taken", 100]);
});

it("a bucket holds no more than its burst, however long it rests", () => {
  const { clock, taken } = atTime();
  taken();
  clock.now += 3_600_000;
  expect([taken(), taken(), taken(), taken()]).toEqual(["taken", "taken", "taken", 100]);
});

it("keys count apart", () => {
  const { taken } = atTime();
  expect([taken(), taken(), taken(), taken("b")]).toEqual(["taken", "taken", "taken", "taken"]);
});
