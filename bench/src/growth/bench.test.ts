import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { whySkipped } from "../shared/ledgers.ts";

const run = promisify(execFile);
/** Two ledgers, and a machine that does much else. */
const TIMEOUT_MS = 180_000;
const main = join(import.meta.dirname, "main.ts");

/** A small run may say that an operation is dearer: what the machine does meanwhile counts for much then. */
async function bench(...args: string[]) {
  const ended = run(process.execPath, [main, "--json", ...args]);
  const { stdout } = await ended.catch((error: { code: unknown; stdout: string }) => {
    if (error.code !== 1) throw error;
    return error;
  });
  return JSON.parse(stdout);
}

test.each(["sqlite", "postgres"] as const)(
  "the bench times every operation on %s and reads its plan",
  async (engine) => {
    const { runs, skipped } = await bench("--engines", engine, "--rows", "400", "--rounds", "2");
    if (whySkipped(engine) !== undefined) {
      expect(skipped).toHaveProperty(engine);
      return;
    }
    expect(runs).toHaveLength(1);
    const [{ operations, ledger_bytes }] = runs;
    expect(ledger_bytes).toBeGreaterThan(100_000);
    expect(operations.length).toBeGreaterThan(40);
    for (const { name, empty_us, grown_us, statements } of operations) {
      expect(empty_us, name).toBeGreaterThan(0);
      expect(grown_us, name).toBeGreaterThan(0);
      expect(statements, name).not.toEqual([]);
      // PostgreSQL reads tables of so few rows as a whole.
      const scans = statements.flatMap(({ scans }: { scans: string[] }) => scans);
      if (engine === "sqlite") expect(scans, name).toEqual([]);
    }
  },
  TIMEOUT_MS,
);

test("the bench follows the relay's memory", { timeout: TIMEOUT_MS }, async () => {
  const { memory } = await bench("--memory", "--engines", "sqlite", "--submissions", "100");
  expect(memory).toHaveLength(1);
  expect(memory[0].failures).toBe(0);
  expect(memory[0].samples.map(({ submissions }: { submissions: number }) => submissions)).toEqual([
    10, 20, 30, 40, 50, 60, 70, 80, 90, 100,
  ]);
  expect(memory[0].samples[0].rss_bytes).toBeGreaterThan(10_000_000);
});

test("a wrong number is refused", async () => {
  await expect(run(process.execPath, [main, "--rows", "many"])).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--rows: many is not a whole number"),
  });
});
