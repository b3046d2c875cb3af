import { expect, it } from "vitest";
import { readOptions } from "./options.ts";

it("takes two minutes where nothing is said, and as long as it takes for a number of submissions", () => {
  expect(readOptions([])).toMatchObject({
    durationMs: 120_000,
    submissions: undefined,
    rate: 30,
    kills: true,
  });
  const args = ["--submissions", "10000", "--keys", "16", "--callers", "64", "--no-kills", "--plain"];
  expect(readOptions(args)).toMatchObject({
    ...{ durationMs: 3_600_000, submissions: 10_000, rate: 0, kills: false, plainOnly: true },
    ...{ keys: 16, callers: 64 },
  });
  expect(readOptions(["--seed", "7", "--minutes", "0.5"])).toMatchObject({ seed: 7, durationMs: 30_000 });
});

it.each([
  ["--seed", "x"],
  ["--minutes", "0"],
  ["--minutes", "soon"],
  ["--submissions", "0"],
  ["--keys", "0"],
  ["--callers", "0"],
  ["--rate", "-1"],
])("names what is wrong: %s %s", (option, text) => {
  expect(() => readOptions([`${option}=${text}`])).toThrow(`${option}: ${text} is not`);
});
