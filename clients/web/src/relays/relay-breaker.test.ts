import { expect, it } from "vitest";
import { RelayBreaker } from "./relay-breaker.ts";

function breakerOver() {
  const clock = { ms: 0 };
  return { breaker: new RelayBreaker(() => clock.ms), clock };
}

/** One that is down since 0. */
function brokenBreaker() {
  const made = breakerOver();
  for (let i = 0; i < 3; i++) {
    made.breaker.enter();
    made.breaker.failed();
  }
  return made;
}

it("takes a relay out after three failures in a row", () => {
  const { breaker } = breakerOver();
  const failures = [breaker.failed(), breaker.failed()];
  expect([breaker.enter(), breaker.answered()]).toEqual([true, false]);
  failures.push(breaker.failed(), breaker.failed(), breaker.failed());
  expect(failures).toEqual([false, false, false, false, true]);
  expect([breaker.state, breaker.enter()]).toEqual(["down", false]);
});

it("lets one call through after 30 s, until it is over", () => {
  const { breaker, clock } = brokenBreaker();
  clock.ms = 29_999;
  expect(breaker.enter()).toBe(false);
  clock.ms = 30_000;
  expect([breaker.state, breaker.enter(), breaker.state, breaker.enter()]).toEqual([
    "probe",
    true,
    "down",
    false,
  ]);
  breaker.left();
  expect(breaker.enter()).toBe(true);
});

it("puts a relay back that answers, and leaves one alone again that fails once more", () => {
  const { breaker, clock } = brokenBreaker();
  clock.ms = 30_000;
  breaker.enter();
  expect(breaker.failed()).toBe(true);
  clock.ms = 59_999;
  expect(breaker.state).toBe("down");
  clock.ms = 60_000;
  breaker.enter();
  expect([breaker.answered(), breaker.state, breaker.answered()]).toEqual([true, "up", false]);
});

it("is told nothing new by calls that began before the relay was down", () => {
  const { breaker, clock } = brokenBreaker();
  clock.ms = 20_000;
  expect(breaker.failed()).toBe(false);
  clock.ms = 30_000;
  expect(breaker.state).toBe("probe");
});
