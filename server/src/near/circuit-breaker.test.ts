import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "./circuit-breaker.ts";

function start() {
  const clock = { now: 0 };
  const changes: string[] = [];
  const breaker = new CircuitBreaker({
    now: () => clock.now,
    random: () => 1,
    onChange: (to) => changes.push(to),
  });
  const fail = (times = 1) => {
    for (let i = 0; i < times; i++) {
      breaker.begin();
      breaker.failed();
    }
  };
  return { clock, changes, breaker, fail };
}

describe("a circuit breaker", () => {
  it("opens after three failures in a row, and not when one call between them works", () => {
    const { breaker, changes, fail } = start();
    fail(2);
    breaker.begin();
    breaker.succeeded();
    fail(2);
    expect([breaker.state, breaker.admits]).toEqual(["CLOSED", true]);
    fail();
    expect([breaker.state, breaker.admits, changes]).toEqual(["OPEN", false, ["OPEN"]]);
  });

  it("lets one call at a time find out after its pause, and closes when that works", () => {
    const { breaker, changes, clock, fail } = start();
    fail(3);
    clock.now = 1_000;
    expect([breaker.state, breaker.admits]).toEqual(["HALF_OPEN", true]);
    breaker.begin();
    expect(breaker.admits).toBe(false);
    breaker.succeeded();
    expect([breaker.state, breaker.admits, changes]).toEqual(["CLOSED", true, ["OPEN", "CLOSED"]]);
  });

  it("lets another call find out when the first one was given up", () => {
    const { breaker, clock, fail } = start();
    fail(3);
    clock.now = 1_000;
    breaker.begin();
    breaker.abandoned();
    expect(breaker.admits).toBe(true);
  });

  it("stays open twice as long after each probe that fails, to half a minute", () => {
    const { breaker, changes, clock, fail } = start();
    fail(3);
    const pauses: number[] = [];
    for (let probes = 0; probes < 7; probes++) {
      const opened = clock.now;
      while (!breaker.admits) clock.now += 500;
      pauses.push(clock.now - opened);
      fail();
    }
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(changes).toEqual(["OPEN"]);
  });
});
