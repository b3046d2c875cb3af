import { expect, test } from "vitest";
import { retryDelayMs } from "./retry-delay.ts";

const HOUR_MS = 3_600_000;
const even = () => 0.5;

test("pauses grow from five seconds to six hours: twelve attempts take about a day", () => {
  const pauses = Array.from({ length: 11 }, (_, i) => retryDelayMs(i + 1, 0, even));
  expect(pauses.slice(0, 4)).toEqual([5_000, 15_000, 45_000, 135_000]);
  expect(pauses.at(-1)).toBe(6 * HOUR_MS);
  const sum = pauses.reduce((a, b) => a + b, 0);
  expect(sum / HOUR_MS).toBeGreaterThan(20);
  expect(sum / HOUR_MS).toBeLessThan(26);
  expect(retryDelayMs(1_000, 0, even)).toBe(6 * HOUR_MS);
});

test("pauses are spread by a fifth to both sides", () => {
  expect(retryDelayMs(1, 0, () => 0)).toBe(4_000);
  expect(retryDelayMs(1, 0, () => 1)).toBe(6_000);
});

test("a receiver that asks for more time gets it, up to six hours", () => {
  expect(retryDelayMs(1, 60_000, even)).toBe(60_000);
  expect(retryDelayMs(1, 1_000, even)).toBe(5_000);
  expect(retryDelayMs(1, 1_000 * HOUR_MS, even)).toBe(6 * HOUR_MS);
});
