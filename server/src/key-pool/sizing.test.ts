import { expect, test } from "vitest";
import { type PoolLook, type Trend, trendAfter, wishFor } from "./sizing.ts";

const SIZING = { minKeys: 2, maxKeys: 4, growAfterMs: 10_000, shrinkAfterMs: 60_000 };
const NOW = 1_000_000;

/** A pool of three keys with nothing to do. */
function look(changes: Partial<PoolLook> = {}): PoolLook {
  return {
    ...{ at: NOW, active: 3, pending: 0, youngestOwn: "pool-3", claimable: false, oldestUnclaimedAt: null },
    ...{ inFlight: 0, window: 16, explained: false },
    ...changes,
  };
}

const waiting = { claimable: true, oldestUnclaimedAt: NOW - 10_000 };
const busy: Trend = { busySince: NOW - 10_000 };
const calm: Trend = { calmSince: NOW - 60_000 };

test.each<[name: string, Partial<PoolLook>, Trend, "ADD" | "DRAIN" | undefined]>([
  ["nothing to do for a moment", {}, {}, undefined],
  ["fewer keys than the least", { active: 1 }, {}, "ADD"],
  ["fewer, whatever else is the matter", { active: 1, explained: true }, {}, "ADD"],
  ["fewer, and those that are not used yet fill the pool", { active: 1, pending: 3 }, {}, undefined],
  ["work that has waited", waiting, busy, "ADD"],
  [
    "work that waits at each look, none of it for long",
    { ...waiting, oldestUnclaimedAt: NOW - 9_999 },
    busy,
    undefined,
  ],
  ["old work, seen for the first time", waiting, { busySince: NOW }, undefined],
  ["work that has waited, in a full pool", { ...waiting, active: 4 }, busy, undefined],
  ["work that has waited, with a key on its way", { ...waiting, pending: 1 }, busy, undefined],
  ["a key too many for long", {}, calm, "DRAIN"],
  ["a key too many, not for long", {}, { calmSince: NOW - 59_999 }, undefined],
  ["a key too many, and none that the relay made", { youngestOwn: undefined }, calm, undefined],
  ["nothing to do, with the fewest keys", { active: 2 }, calm, undefined],
  ["more keys than the most, and work for them", { ...waiting, active: 6 }, busy, undefined],
])("%s", (_, changes, trend, kind) => {
  expect(wishFor(SIZING, look(changes), trend)?.kind).toBe(kind);
});

test("the youngest of the relay's own keys is the one that goes", () => {
  expect(wishFor(SIZING, look(), calm)).toMatchObject({ kind: "DRAIN", oldKeyId: "pool-3" });
});

test.each([
  [1, { active: 0 }, "ADD"],
  [1, { active: 1, ...waiting }, undefined],
  [1, { active: 1 }, undefined],
] as const)("a pool of exactly %i keys is kept at that: %j", (keys, changes, kind) => {
  const sizing = { ...SIZING, minKeys: keys, maxKeys: keys };
  expect(wishFor(sizing, look(changes), { ...busy, ...calm })?.kind).toBe(kind);
});

test.each<[name: string, before: Trend, Partial<PoolLook>, after: Trend]>([
  ["waiting begins", {}, waiting, { busySince: NOW }],
  ["waiting goes on", busy, waiting, busy],
  ["waiting ends", busy, {}, { calmSince: NOW }],
  [
    "what was accepted just now does not wait yet",
    calm,
    { claimable: true, oldestUnclaimedAt: NOW - 999 },
    calm,
  ],
  ["what nobody may claim now does not wait", calm, { oldestUnclaimedAt: NOW - 99_000 }, calm],
  ["calm goes on", calm, {}, calm],
  ["calm goes on while the others could do the work", calm, { inFlight: 16 }, calm],
  ["calm ends when they could not", calm, { inFlight: 17 }, {}],
  ["calm ends with waiting", calm, waiting, { busySince: NOW }],
  ["one key alone can be spared when it does nothing", calm, { active: 1, inFlight: 1 }, {}],
  ["nothing is learnt while something else explains it", { ...busy, ...calm }, { explained: true }, {}],
])("%s", (_, before, changes, after) => {
  expect(trendAfter(before, look(changes))).toEqual(after);
});
