// Measures the relay on each ledger engine at each latency of the chain: devnet, signer and relay in processes
// of their own, delegates signed beforehand, load over HTTP/2. Ends with 0 only if nothing failed or was doubled.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKeystore } from "./keystore.ts";
import { postgresFacts, whySkipped } from "./ledgers.ts";
import { lookAtMachine } from "./machine.ts";
import { type Measured, measure } from "./measure.ts";
import { type BenchOptions, readOptions, USAGE } from "./options.ts";
import { type Report, table } from "./report.ts";
import { BLOCK_TIME_MS, LANE_WINDOW } from "./stack.ts";

async function bench(options: BenchOptions, folder: string): Promise<Report> {
  const skips = options.engines.map((engine) => [engine, whySkipped(engine)] as const);
  const machine = await lookAtMachine(folder);
  const engines = options.engines.filter((engine) => whySkipped(engine) === undefined);
  const facts = engines.includes("postgres") ? await postgresFacts() : {};
  const keystore = await makeKeystore(folder);
  const runs: Measured[] = [];
  for (const engine of engines) {
    for (const latencyMs of options.latencies) {
      process.stderr.write(`bench: ${engine} at ${latencyMs} ms\n`);
      runs.push(await measure({ engine, latencyMs, folder, keystore, options }));
    }
  }
  return {
    ok: runs.every((run) => run.failures + run.duplicates + run.missing === 0),
    at: new Date().toISOString(),
    machine,
    settings: {
      block_time_ms: BLOCK_TIME_MS,
      relayer_keys: 1,
      lane_window: LANE_WINDOW,
      log_level: options.logLevel,
      ...Object.fromEntries(Object.entries(facts).map(([name, value]) => [`postgres_${name}`, value])),
    },
    runs,
    skipped: Object.fromEntries(skips.flatMap(([name, why]) => (why === undefined ? [] : [[name, why]]))),
  };
}

// What was started ends with this process, also when it is told to end.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

try {
  const options = readOptions(process.argv.slice(2));
  const folder = await mkdtemp(join(tmpdir(), "countersign-bench-"));
  const report = await bench(options, folder);
  process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : table(report));
  process.exitCode = report.ok ? 0 : 1;
  // Whoever gets an error wants the logs.
  await rm(folder, { recursive: true, force: true });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  process.exitCode = 2;
}
