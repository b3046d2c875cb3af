// Measures what a ledger's growth costs: each operation on an empty ledger and on one with millions of finished submissions,
// with the plans of its statements; or, with --memory, what a relay's memory does over many submissions.
import { whySkipped } from "../shared/ledgers.ts";
import { lookAtMachine } from "../shared/machine.ts";
import { runBench } from "../shared/run-bench.ts";
import { type GrowthRun, measureGrowth } from "./measure.ts";
import { type MemoryRun, measureMemory } from "./memory.ts";
import { type GrowthOptions, readOptions, USAGE } from "./options.ts";
import { isGood, type Report, table } from "./report.ts";

async function bench(options: GrowthOptions, folder: string): Promise<Report> {
  const { engines, rows, rounds } = options;
  const machine = await lookAtMachine(folder);
  const runs: GrowthRun[] = [];
  const memory: MemoryRun[] = [];
  const skipped: Record<string, string> = {};
  for (const engine of engines) {
    const why = whySkipped(engine);
    if (why !== undefined) skipped[engine] = why;
    else if (options.memory !== undefined) memory.push(await measureMemory(engine, options.memory, folder));
    else runs.push(await measureGrowth(engine, rows, rounds, folder));
  }
  return { ok: isGood({ runs, memory }), at: new Date().toISOString(), machine, runs, memory, skipped };
}

await runBench({
  name: "growth",
  usage: USAGE,
  readOptions,
  bench: async (options, folder) => {
    const report = await bench(options, folder);
    return { report, table: table(report) };
  },
});
