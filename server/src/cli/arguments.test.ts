import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { durationMs, wholeNumber } from "./arguments.ts";

test.each([
  ["90s", 90_000],
  ["15m", 900_000],
  ["24h", 86_400_000],
  ["30d", 2_592_000_000],
  ["0s", 0],
])("%s has %i ms", (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each(["", "24", "h", "-1h", "1.5h", "1w", "24 h", "9999999d"])("%j is no duration", (text) => {
  expect(() => durationMs(text)).toThrow(InvalidArgumentError);
});

test("a whole number has no sign, no fraction and no exponent", () => {
  expect(wholeNumber("9007199254740993")).toBe(9007199254740993n);
  for (const text of ["", "-1", "1.0", "1e3", "0x1"])
    expect(() => wholeNumber(text)).toThrow(InvalidArgumentError);
});
