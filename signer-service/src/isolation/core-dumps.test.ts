import { expect, it } from "vitest";
import { coreLimits } from "./core-dumps.ts";

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max stack size            8388608              unlimited            bytes
Max core file size        0                    unlimited            bytes
Max resident set          unlimited            unlimited            bytes
`;

it("reads both limits on core files from the text of /proc", () => {
  expect(coreLimits(LIMITS)).toEqual({ soft: "0", hard: "unlimited" });
  expect(coreLimits(LIMITS.replace(/^Max core.*\n/m, ""))).toBeNull();
});
