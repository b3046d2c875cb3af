import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { ThresholdReport } from "./report.ts";

const run = promisify(execFile);
const main = join(import.meta.dirname, "main.ts");
const { TEST_POSTGRES_URL: url } = process.env;

/** What it printed. That it missed a bound (1) is a matter of how busy the machine is, and not of this test. */
function measured(): Promise<ThresholdReport> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, "--quick", "--json"], (error, stdout) => {
      if (error === null || error.code === 1) resolve(JSON.parse(stdout));
      else reject(error);
    });
  });
}

/** Of a round that is ten times smaller than usual. */
const SQLITE_ROWS = [
  ["sqlite", 1, 10],
  ["sqlite", 8, 40],
];
const POSTGRES_ROWS = [
  ["postgres", 1, 10],
  ["postgres", 8, 40],
];

const named = ({ rows }: ThresholdReport) =>
  rows.map(({ engine, in_flight, signed }) => [engine, in_flight, signed]);

test("every wallet gets its signatures from each engine that is there, and the server's overhead stands beside its bound", {
  timeout: 180_000,
}, async () => {
  const report = await measured();
  expect(named(report)).toEqual([...SQLITE_ROWS, ...(url === undefined ? [] : POSTGRES_ROWS)]);
  for (const { per_second_and_core, sign_ms, cpu_ms } of report.rows) {
    for (const value of [per_second_and_core, sign_ms.p50, cpu_ms.client, cpu_ms.relay, cpu_ms.signer]) {
      expect(value).toBeGreaterThan(0);
    }
  }
  const [noble, ours] = report.bare;
  expect(noble).toMatchObject({ frost: "noble" });
  expect(ours).toMatchObject({ frost: "ours" });
  expect(noble?.relayer_us).toBeGreaterThan(ours?.relayer_us ?? Number.NaN);
  const together = report.rows[1]?.overhead;
  expect(report.bounds.map(({ below, reached }) => [below, reached])).toEqual([
    [0.6, together?.noble.median],
  ]);
  for (const { met, reached, below } of report.bounds) expect(met).toBe(reached < below);
  expect(report.ok).toBe(report.bounds.every(({ met }) => met));
  expect(Object.keys(report.skipped)).toEqual(url === undefined ? ["postgres"] : []);
});

test("an unknown option is refused", async () => {
  await expect(run(process.execPath, [main, "--slow"])).rejects.toMatchObject({ code: 2 });
});
