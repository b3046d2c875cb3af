import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const main = join(import.meta.dirname, "main.ts");

/** What it printed. That it was above its bound (1) is a matter of how busy the machine is, and not of this test. */
function measured(env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, "--quick", "--json"], { env }, (error, stdout) => {
      if (error === null || error.code === 1) resolve(stdout);
      else reject(error);
    });
  });
}

test("each layer has a cost, and the ratios are told with their bound", {
  timeout: 180_000,
}, async () => {
  const { TEST_POSTGRES_URL: _, TEST_REDIS_URL: __, ...env } = process.env;
  const report = JSON.parse(await measured(env));
  expect(report.layers.map(({ layer }: { layer: string }) => layer)).toEqual([
    "API key",
    "JWT, ES256",
    "gate, API key, rates in process",
    "gate, JWT, rates in process",
    "policy",
    "policy with a CEL condition",
    "accept, sqlite, no bounds",
    "accept, sqlite, all bounds",
    "audit chain, sqlite",
  ]);
  for (const { cpu_us } of report.layers) expect(cpu_us).toBeGreaterThan(0);
  // Which share is the larger is a matter of how busy the machine is, too.
  for (const share of Object.values(report.together)) {
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(1);
  }
  expect(report.bound).toBe(0.15);
  expect(Object.keys(report.skipped)).toEqual(["rates in Redis", "accept, postgres"]);
});

test("an unknown option is refused", async () => {
  await expect(run(process.execPath, [main, "--slow"])).rejects.toMatchObject({ code: 2 });
});
