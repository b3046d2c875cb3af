import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import type { EcdsaReport } from "./report.ts";

const run = promisify(execFile);
const main = join(import.meta.dirname, "main.ts");
const { TEST_POSTGRES_URL: _, ...env } = process.env;

/** What it printed. That it missed a bound (1) is a matter of how busy the machine is, and not of this test. */
function measured(): Promise<EcdsaReport> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, "--quick", "--json"], { env }, (error, stdout) => {
      if (error === null || error.code === 1) resolve(JSON.parse(stdout));
      else reject(error);
    });
  });
}

const bound = ({ bounds }: EcdsaReport, what: string) => bounds.find((one) => one.what.includes(what));

test("presignatures and signatures are measured, in as many calls and bytes as the protocol has, and a page's pool", {
  timeout: 300_000,
}, async () => {
  const report = await measured();
  expect(report.rows.map(({ engine }) => engine)).toEqual(["sqlite"]);
  const [row] = report.rows;
  expect([row?.presigning.made, row?.presigning.calls]).toEqual([16, 5]);
  expect([row?.signing.made, row?.signing.calls]).toEqual([16, 2]);
  for (const work of [row?.presigning, row?.signing]) {
    const { client, relay, signer } = work?.cpu_ms ?? {};
    for (const ms of [client, relay, signer, work?.per_second]) expect(ms).toBeGreaterThan(0);
    for (const ms of Object.values(work?.loop_ms ?? {})) expect(ms).toBeGreaterThanOrEqual(0);
  }
  for (const side of ["client", "relayer"] as const) {
    expect(bound(report, `protocol of the ${side}`)).toMatchObject({ met: true });
    expect(report.wire[side].whole).toBeGreaterThan(report.wire[side].protocol);
  }
  expect(bound(report, "CPU of the signer")?.reached).toBe(row?.presigning.cpu_ms.signer);
  expect(bound(report, "main loop")?.reached).toBe(row?.presigning.loop_ms.p95);
  expect(report.ok).toBe(report.bounds.every(({ met }) => met));
  if (env.TEST_CHROMIUM === undefined) {
    expect(report.browser).toBeUndefined();
    expect(Object.keys(report.skipped)).toEqual(["postgres", "chromium"]);
    return;
  }
  const { made, cpu_ms, page_task_ms } = report.browser ?? {};
  expect(made).toBe(8);
  expect(cpu_ms?.worker).toBeGreaterThan(0);
  expect(cpu_ms?.process).toBeGreaterThan(cpu_ms?.worker ?? Number.NaN);
  expect(bound(report, "Chromium's process")?.reached).toBe(cpu_ms?.process);
  expect(bound(report, "longest task")?.reached).toBe(page_task_ms?.longest);
  expect(Object.keys(report.skipped)).toEqual(["postgres"]);
});

test("an unknown option is refused", async () => {
  await expect(run(process.execPath, [main, "--slow"])).rejects.toMatchObject({ code: 2 });
});
