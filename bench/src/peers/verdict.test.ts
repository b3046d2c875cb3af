import { expect, test } from "vitest";
import type { Call } from "./load.ts";
import { speed } from "./speed.ts";
import { judge } from "./verdict.ts";

function call(accountId: string, outcome: Call["outcome"], tookMs = 100, endedAtMs = tookMs): Call {
  return { accountId, outcome, tookMs, endedAtMs };
}
const log = (...receivers: string[]) => receivers.map((receiverId) => ({ receiverId }));

test("what every caller was told stands on the chain once: nothing is counted", () => {
  const calls = [call("a.test", "succeeded"), call("b.test", "failed")];
  expect(judge(calls, log("warm-up.test", "a.test"))).toEqual({
    succeeded: 1,
    failed: 1,
    open: 0,
    doubled: 0,
    lost: 0,
    denied: 0,
  });
});

test("a delegate that the chain carried twice is doubled, whatever its caller was told", () => {
  const calls = [call("a.test", "succeeded"), call("b.test", "open"), call("c.test", "succeeded")];
  expect(judge(calls, log("a.test", "b.test", "c.test", "b.test", "a.test", "a.test")).doubled).toBe(2);
});

test("success that is not on the chain is lost, failure that is there is denied", () => {
  const calls = [call("a.test", "succeeded"), call("b.test", "failed"), call("c.test", "failed")];
  expect(judge(calls, log("b.test"))).toMatchObject({ lost: 1, denied: 1, doubled: 0 });
});

test("a caller that gave up was told nothing: neither lost nor denied", () => {
  const calls = [call("a.test", "open"), call("b.test", "open")];
  expect(judge(calls, log("a.test"))).toMatchObject({ open: 2, lost: 0, denied: 0 });
});

test("the rate counts answers of success within the window, over the time until the last of them", () => {
  const calls = [
    call("a.test", "succeeded", 400, 400),
    call("b.test", "failed", 10, 410),
    call("c.test", "succeeded", 400, 800),
    call("d.test", "succeeded", 400, 1200),
  ];
  expect(speed(calls, 1000).tx_per_second).toBe(2.5);
  expect(speed(calls, 300).tx_per_second).toBe(0);
});

test("a quantile beyond the shortest wait that was given up is only known from below", () => {
  const waits = [
    call("a.test", "succeeded", 100),
    call("b.test", "succeeded", 200),
    call("c.test", "open", 5000),
  ];
  expect(speed(waits, 1000)).toMatchObject({
    p50: { ms: 200, atLeast: false },
    p99: { ms: 5000, atLeast: true },
  });
});
