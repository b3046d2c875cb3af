import { expect, it } from "vitest";
import { type RunReport, randomRun } from "./support/random-runs.ts";

const RUNS = 50;
// `npm run soak:ecdsa -- --seed N` repeats a run that failed.
const SEED = 1_000_000;

it(`${RUNS} random runs, in every role, give signatures that others verify, in five calls a presignature`, async () => {
  const reports: RunReport[] = [];
  for (let seed = SEED; seed < SEED + RUNS; seed++) reports.push(await randomRun(seed));
  expect(reports.flatMap(({ seed, faults }) => faults.map((fault) => `${seed}: ${fault}`))).toEqual([]);
  expect(new Set(reports.map(({ calls }) => calls))).toEqual(new Set([5]));
  const kinds = (kind: "coordinator" | "tweaked" | "clientPoints" | "recovery") =>
    new Set(reports.map((report) => report[kind]));
  expect(kinds("coordinator")).toEqual(new Set(["client", "relayer"]));
  expect(kinds("tweaked")).toEqual(new Set([true, false]));
  expect(kinds("clientPoints")).toEqual(new Set(["libsecp256k1", "noble"]));
  expect(kinds("recovery")).toEqual(new Set([0, 1]));
}, 600_000);
