// Measures the relay on each ledger engine at each latency of the chain: devnet, signer and relay in processes
// of their own, delegates signed beforehand. Ends with 0 only if nothing failed or was doubled.
import { makeKeystore } from "../shared/keystore.ts";
import { postgresFacts, whySkipped } from "../shared/ledgers.ts";
import { lookAtMachine } from "../shared/machine.ts";
import { runBench } from "../shared/run-bench.ts";
import { BLOCK_TIME_MS } from "./devnet-process.ts";
import { type Measured, measure } from "./measure.ts";
import { type BenchOptions, readOptions, USAGE } from "./options.ts";
import { type Report, table } from "./report.ts";

async function bench(options: BenchOptions, folder: string): Promise<Report> {
  const skips = options.engines.map((engine) => [engine, whySkipped(engine)] as const);
  const machine = await lookAtMachine(folder);
  const engines = options.engines.filter((engine) => whySkipped(engine) === undefined);
  const facts = engines.includes("postgres") ? await postgresFacts() : {};
  const keystore = await makeKeystore(folder, options.keys);
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
      chain: options.chain,
      relayer_keys: options.keys,
      delegates_of_a_call: options.batch,
      lane_window: options.window,
      http: options.http,
      node_arguments_of_the_relay: options.relayNodeArgs.join(" ") || "none",
      nice_of_the_relay: options.relayNice,
      log_level: options.logLevel,
      ...Object.fromEntries(Object.entries(facts).map(([name, value]) => [`postgres_${name}`, value])),
    },
    runs,
    skipped: Object.fromEntries(skips.flatMap(([name, why]) => (why === undefined ? [] : [[name, why]]))),
  };
}

await runBench({
  name: "bench",
  usage: USAGE,
  readOptions,
  bench: async (options, folder) => {
    const report = await bench(options, folder);
    return { report, table: table(report) };
  },
});
