import { expect, test } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

const NOW = new Date("2026-11-22T10:00:00Z");

test.each([
  [undefined, undefined],
  [null, undefined],
  ["120", 120_000],
  ["0", 0],
  ["Sun, 22 Nov 2026 10:01:00 GMT", 60_000],
  ["Sun, 22 Nov 2026 09:00:00 GMT", 0],
  ["-1", undefined],
  ["1.5", undefined],
  ["99999999999", undefined],
  ["soon", undefined],
  ["2026-11-22T11:00:00Z", undefined],
])("Retry-After: %s means %s ms", (header, ms) => expect(retryAfterMs(header, NOW)).toBe(ms));
