import { expect, it } from "vitest";
import { coreLimits, keepsMemory } from "./core-dumps.ts";

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max stack size            8388608              unlimited            bytes
Max core file size        0                    unlimited            bytes
Max resident set          unlimited            unlimited            bytes
`;

it("reads both limits on core files from the text of /proc", () => {
  expect(coreLimits(LIMITS)).toEqual({ soft: "0", hard: "unlimited" });
  expect(coreLimits(LIMITS.replace(/^Max core.*\n/m, ""))).toBeNull();
});

it.each([
  ["1", "1", "|/usr/bin/collect %p", true],
  ["1", "1", "core", true],
  ["0", "0", "core", true],
  ["0", "0", "|/usr/bin/collect %p", false],
  ["1", "0", "|/usr/bin/collect %p", false],
  ["0", "unlimited", "core", false],
])("limits %s and %s with the pattern %s keep the memory: %s", (soft, hard, pattern, keeps) => {
  expect(keepsMemory({ soft, hard }, pattern)).toBe(keeps);
});
