import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const main = join(import.meta.dirname, "main.ts");

test("each layer has a cost, and calls with an API key stay within the bound", {
  timeout: 180_000,
}, async () => {
  const { TEST_POSTGRES_URL: _, TEST_REDIS_URL: __, ...env } = process.env;
  const { stdout } = await run(process.execPath, [main, "--quick", "--json"], { env });
  const report = JSON.parse(stdout);
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
  expect(report.together.with_api_key).toBeGreaterThan(0);
  expect(report.together.with_api_key).toBeLessThan(report.bound);
  expect(Object.keys(report.skipped)).toEqual(["rates in Redis", "accept, postgres"]);
});

test("an unknown option is refused", async () => {
  await expect(run(process.execPath, [main, "--slow"])).rejects.toMatchObject({ code: 2 });
});
