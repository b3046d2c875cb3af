import { beforeEach, expect, it } from "vitest";
import { LaneHealth } from "./lane-health.ts";

let clock = 0;
let health: LaneHealth;
let nonce = 0n;

beforeEach(() => {
  clock = 0;
  nonce = 0n;
  health = new LaneHealth(16, () => new Date(clock));
});

/** So many times somebody else uses the key, and what was signed since the time before dies. */
function use(times: number): void {
  for (let i = 0; i < times; i++) {
    nonce += 1n;
    health.usedElsewhere(nonce);
    health.died(nonce, nonce);
  }
}

it("counts what was under way together as one trouble", () => {
  for (let i = 1n; i <= 16n; i++) health.died(i, 16n);
  expect(health.mode).toBe("well");
  expect(health.window).toBe(4);
});

it("takes a lane out when its key is used elsewhere for the fifth time within a minute", () => {
  use(4);
  expect(health.mode).toBe("well");
  use(1);
  expect(health.mode).toBe("quarantined");
  expect(health.window).toBe(0);
});

it("does not mind uses that lie further apart", () => {
  for (let i = 0; i < 20; i++) {
    use(1);
    clock += 15_001;
  }
  expect(health.mode).toBe("well");
});

it("never takes a lane out for what nodes lost, nor for what its own transactions overtook", () => {
  for (let i = 1n; i < 50n; i++) health.lost(i, i);
  expect(health.window).toBe(4);
  for (let i = 1n; i < 50n; i++) health.died(i, i);
  expect(health.mode).toBe("well");
  expect(health.window).toBe(1);
});

it("tries one after the quarantine, and is well when it lands", () => {
  use(5);
  clock += 4_999;
  expect(health.mode).toBe("quarantined");
  clock += 1;
  expect(health.mode).toBe("probing");
  expect(health.window).toBe(1);
  // What was signed before the quarantine says nothing.
  health.landed(nonce);
  expect(health.mode).toBe("probing");
  health.landed(nonce + 1n);
  expect(health.mode).toBe("well");
  expect(health.window).toBe(1);
});

it("doubles the quarantine while the trial fails, up to five minutes", () => {
  use(5);
  const lengths: number[] = [];
  for (let i = 0; i < 8; i++) {
    const from = clock;
    while (health.mode === "quarantined") clock += 500;
    lengths.push((clock - from) / 1_000);
    nonce += 1n;
    health.died(nonce, nonce);
  }
  expect(lengths).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
});

it("forgets quarantines of long ago", () => {
  use(5);
  clock += 5_000;
  health.landed(nonce + 1n);
  clock += 600_000;
  nonce += 1n;
  use(5);
  clock += 5_000;
  expect(health.mode).toBe("probing");
});
