import { expect, it } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

const NOW = new Date("2026-11-22T10:00:00Z");

it.each([
  ["nothing", null, undefined],
  ["seconds", "3", 3_000],
  ["a date", "Sun, 22 Nov 2026 10:00:05 GMT", 5_000],
  ["a date that has passed", "Sun, 22 Nov 2026 09:00:00 GMT", 0],
  ["more than a minute", "86400", 60_000],
  ["a word", "soon", undefined],
])("Retry-After with %s", (_, value, ms) => {
  expect(retryAfterMs(value, NOW)).toBe(ms);
});
