import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const main = join(import.meta.dirname, "main.ts");

test.each(["1.1", "2"])(
  "over HTTP/%s every delegate is relayed once; one JSON object is printed",
  async (http) => {
    const size = ["--latencies", "0", "--submissions", "20", "--warm-up", "10", "--concurrency", "4"];
    const args = [main, "--json", "--engines", "sqlite", "--http", http, ...size];
    const { stdout } = await run(process.execPath, args);
    const report = JSON.parse(stdout);
    expect(report.ok).toBe(true);
    expect(report.settings).toMatchObject({ http });
    expect(report.runs).toHaveLength(1);
    expect(report.runs[0]).toMatchObject({
      engine: "sqlite",
      rpc_latency_ms: 0,
      submissions: 20,
      failures: 0,
      duplicates: 0,
      missing: 0,
    });
    expect(report.runs[0].final_per_second).toBeGreaterThan(0);
    expect(report.runs[0].cpu_ms.relay).toBeGreaterThan(0);
  },
);

test("an engine without a server is skipped with the reason", async () => {
  const { TEST_POSTGRES_URL: _, ...env } = process.env;
  const { stdout } = await run(process.execPath, [main, "--json", "--engines", "postgres"], { env });
  expect(JSON.parse(stdout)).toMatchObject({
    runs: [],
    skipped: { postgres: expect.stringContaining("TEST_POSTGRES_URL") },
  });
});

test("an unknown engine is refused", async () => {
  await expect(run(process.execPath, [main, "--engines", "oracle"])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("oracle is none of sqlite, postgres"),
  });
});
