// Measures what each layer of protection costs a request: CPU time of each layer in this process, and of the whole
// relay for a submission. Ends with 1 when authentication and policy together are above their bound.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Measured, measure } from "../relay/measure.ts";
import { readOptions as readRelayOptions } from "../relay/options.ts";
import { makeKeystore } from "../shared/keystore.ts";
import { whySkipped } from "../shared/ledgers.ts";
import { lookAtMachine } from "../shared/machine.ts";
import { quantile } from "../shared/quantiles.ts";
import { runBench } from "../shared/run-bench.ts";
import { type AccessLayers, accessLayers } from "./access-layers.ts";
import { Rounds } from "./cpu-time.ts";
import type { Layer } from "./layer.ts";
import { ledgerLayers } from "./ledger-layers.ts";
import { type ProtectionOptions, readOptions, USAGE } from "./options.ts";
import { type PolicyLayers, policyLayers } from "./policy-layers.ts";
import { BOUND, type LayerCost, type ProtectionReport, table } from "./report.ts";
import { makeTenants } from "./tenant.ts";

const now = () => new Date();
const redisUrl = process.env.TEST_REDIS_URL;
const ENGINES = ["sqlite", "postgres"] as const;

async function bench(options: ProtectionOptions, folder: string): Promise<[ProtectionReport, number]> {
  const machine = await lookAtMachine(folder);
  const tenants = await makeTenants(now);
  const access = accessLayers(tenants, redisUrl, options.calls, now);
  const policy = policyLayers(tenants, options.calls);
  const engines = ENGINES.filter((engine) => whySkipped(engine) === undefined);
  const calls = Math.ceil(options.calls / 4);
  const ledgers = await Promise.all(engines.map((engine) => ledgerLayers(engine, folder, calls, now)));
  const layers = [
    ...Object.values(access).filter((layer) => layer !== undefined),
    ...Object.values(policy),
    ...ledgers.flatMap(({ unbounded, bounded, chaining }) => [unbounded, bounded, chaining]),
  ];
  const rounds = new Rounds(layers);
  try {
    await rounds.warmUp();
    const runs = await relayRuns(options, folder, rounds);
    const relayedUs = median(runs.map(({ cpu_ms }) => cpu_ms.relay * 1000));
    const costs = layers.map((layer) => costOf(layer, rounds.of(layer), relayedUs));
    return [reportOf(machine, costs, runs, together(rounds, access, policy, relayedUs)), relayedUs];
  } finally {
    for (const layer of layers) await layer.close?.();
    for (const ledger of ledgers) await ledger.close();
  }
}

/** The whole relay and rounds of the layers take turns, so that they see the same machine. */
async function relayRuns(options: ProtectionOptions, folder: string, rounds: Rounds): Promise<Measured[]> {
  const keystore = await makeKeystore(folder);
  const relayOptions = readRelayOptions(["--submissions", String(options.submissions)]);
  const runs: Measured[] = [];
  for (let i = 0; i < options.runs; i++) {
    process.stderr.write(`bench: run ${i + 1} of ${options.runs}\n`);
    const own = join(folder, `run-${i}`);
    await mkdir(own);
    const run = await measure({
      engine: "sqlite",
      latencyMs: 0,
      folder: own,
      keystore,
      options: relayOptions,
    });
    if (run.failures + run.duplicates + run.missing > 0)
      throw new Error("the relay did not relay everything");
    runs.push(run);
    await rounds.run(options.rounds);
  }
  return runs;
}

/**
 * The gate already holds authentication. The relay that was measured takes an API key and has no condition: with the
 * dearest credentials and policy in their place, both the part and the whole are larger.
 */
function together(rounds: Rounds, access: AccessLayers, policy: PolicyLayers, relayedUs: number) {
  const sum = (...layers: Layer[]) => layers.reduce((us, layer) => us + median(rounds.of(layer)), 0);
  const cheap = sum(access.gateWithKey, policy.rules);
  const dear = sum(access.gateWithToken, policy.withCondition);
  return {
    with_api_key: cheap / relayedUs,
    with_token_and_condition: dear / (relayedUs - cheap + dear),
  };
}

function costOf(layer: Layer, perCall: readonly number[], relayedUs: number): LayerCost {
  const cpuUs = median(perCall);
  return {
    layer: layer.name,
    includes: layer.includes,
    cpu_us: cpuUs,
    lowest_us: Math.min(...perCall),
    highest_us: Math.max(...perCall),
    share: cpuUs / relayedUs,
  };
}

function reportOf(
  machine: ProtectionReport["machine"],
  layers: readonly LayerCost[],
  runs: readonly Measured[],
  shares: ProtectionReport["together"],
): ProtectionReport {
  const noPostgres = whySkipped("postgres");
  return {
    ok: Math.max(...Object.values(shares)) <= BOUND,
    at: now().toISOString(),
    machine,
    layers,
    relayed_cpu_us: runs.map(({ cpu_ms }) => cpu_ms.relay * 1000),
    others_cpu_share: runs.map((run) => run.others_cpu_share),
    together: shares,
    bound: BOUND,
    skipped: {
      ...(redisUrl === undefined
        ? { "rates in Redis": "set TEST_REDIS_URL or run through scripts/services.sh run" }
        : {}),
      ...(noPostgres === undefined ? {} : { "accept, postgres": noPostgres }),
    },
  };
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

await runBench({
  name: "protection",
  usage: USAGE,
  readOptions,
  bench: async (options, folder) => {
    const [report, relayedUs] = await bench(options, folder);
    return { report, table: table(report, relayedUs) };
  },
});
