import { describe, expect, it } from "vitest";
import { scheduleOf } from "./schedule.ts";

const OPTIONS = {
  seed: 7,
  durationMs: 120_000,
  relays: 2,
  endpoints: 3,
  keys: 4,
  leaseMs: 1_500,
  kills: true,
};

describe("a schedule", () => {
  it("is the same for the same seed, and another one for another", () => {
    expect(scheduleOf(OPTIONS)).toEqual(scheduleOf(OPTIONS));
    expect(scheduleOf({ ...OPTIONS, seed: 8 })).not.toEqual(scheduleOf(OPTIONS));
  });

  it("has nothing of a track begin before the one before it is over, nor end after the run", () => {
    for (const { planned } of scheduleOf(OPTIONS)) {
      let free = 0;
      for (const { atMs, untilMs } of planned) {
        expect(atMs).toBeGreaterThan(free);
        expect(untilMs).toBeGreaterThanOrEqual(atMs);
        free = untilMs;
      }
      expect(free).toBeLessThanOrEqual(OPTIONS.durationMs);
    }
  });

  it("has every kind of disturbance within two minutes", () => {
    const all = scheduleOf(OPTIONS).flatMap(({ planned }) => planned.map(({ disturbance }) => disturbance));
    const kinds = new Set(all.map(({ kind }) => kind));
    expect([...kinds].toSorted()).toEqual([
      "bump nonce",
      "endpoint fault",
      "endpoint lags",
      "endpoint stalls",
      "freeze redis",
      "kill redis",
      "kill relay",
      "kill signer",
      "restart postgres",
      "stop relay",
    ]);
    const faults = new Set(all.flatMap((one) => (one.kind === "endpoint fault" ? [one.fault] : [])));
    expect(faults.size).toBe(9);
  });

  it("kills and stops nothing without kills", () => {
    const tracks = scheduleOf({ ...OPTIONS, kills: false });
    expect(tracks.map(({ name }) => name)).toEqual(["endpoint 0", "endpoint 1", "endpoint 2"]);
  });
});
