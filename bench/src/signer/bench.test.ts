import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { RowReport, SignerReport } from "./report.ts";

const run = promisify(execFile);
const main = join(import.meta.dirname, "main.ts");
const { TEST_POSTGRES_URL: _, ...env } = process.env;
const hasToken = env.TEST_PKCS11_MODULE !== undefined;

/** What it printed. That it missed a bound (1) is a matter of how busy the machine is, and not of this test. */
function measured(): Promise<SignerReport> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, "--quick", "--json"], { env }, (error, stdout) => {
      if (error === null || error.code === 1) resolve(JSON.parse(stdout));
      else reject(error);
    });
  });
}

const named = ({ store, place, kind, per_call, in_flight }: RowReport) =>
  `${store} ${place} ${kind} ${per_call}x${in_flight}`;

/** Of a round that is ten times smaller than usual. */
const KEYSTORE_ROWS = [
  ["sqlite keystore transfers 64x8", 1024],
  ["sqlite keystore transfers 1x128", 400],
  ["sqlite keystore transfers 1x1", 100],
  ["sqlite keystore delegates 64x8", 1024],
  ["sqlite keystore delegates 1x128", 400],
];
const TOKEN_ROWS = [
  ["sqlite pkcs11 transfers 64x8", 1024],
  ["sqlite pkcs11 transfers 1x128", 400],
];

test("every transaction comes back with a signature that verifies, and bounds stand beside what was reached", {
  timeout: 180_000,
}, async () => {
  const report = await measured();
  const rows = [...KEYSTORE_ROWS, ...(hasToken ? TOKEN_ROWS : [])];
  expect(report.rows.map((row) => [named(row), row.signed])).toEqual(rows);
  for (const { per_second, cpu_ms, call_ms, event_loop_ms } of report.rows) {
    for (const value of [per_second, cpu_ms.signer, call_ms.p99, event_loop_ms.max]) {
      expect(value).toBeGreaterThan(0);
    }
  }
  expect(report.loops.slice(0, 2).map(({ loop }) => loop)).toEqual([
    "node:crypto sign + verify",
    "SQLite commit",
  ]);
  expect(report.bounds.slice(0, 2).map(({ what, at_least }) => [what, at_least])).toEqual([
    ["keystore, batched", 5_000],
    ["keystore, unbatched", 1_500],
  ]);
  for (const { met, reached, at_least } of report.bounds) expect(met).toBe(reached >= at_least);
  expect(report.ok).toBe(report.bounds.every(({ met }) => met));
  expect([report.loops.length, report.bounds.length]).toEqual(hasToken ? [4, 3] : [2, 2]);
  expect(Object.keys(report.skipped)).toEqual(hasToken ? ["postgres"] : ["postgres", "pkcs11"]);
  if (!hasToken) return;
  // A token's key is measured against a loop that signs with the token.
  const loop = report.loops.find((one) => one.loop === "pkcs11js C_Sign + verify")?.per_second ?? 0;
  expect(loop).toBeGreaterThan(0);
  const bound = report.bounds.at(-1);
  expect(bound?.what).toMatch(/^PKCS#11/);
  expect(bound?.at_least).toBeCloseTo(loop * 0.8);
});

test("an unknown option is refused", async () => {
  await expect(run(process.execPath, [main, "--slow"])).rejects.toMatchObject({ code: 2 });
});
