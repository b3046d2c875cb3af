// The relay's bounds of speed on this machine: relay, signer, an instant mock chain, the load and PostgreSQL beside each
// other. Ends with 0 only if every bound that could be measured is met and nothing failed, was doubled or is missing.
import { mkdir } from "node:fs/promises";
import { getPriority, setPriority } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Measured, measure } from "../relay/measure.ts";
import { readOptions } from "../relay/options.ts";
import { type Keystore, makeKeystore } from "../shared/keystore.ts";
import { type EngineName, postgresFacts, whySkipped } from "../shared/ledgers.ts";
import { lookAtMachine } from "../shared/machine.ts";
import { runBench } from "../shared/run-bench.ts";
import { type SpeedReport, type SpeedRow, speedTable } from "./report.ts";
import { stagesIn } from "./stages.ts";

const USAGE = `bench:speed [--json] [--quick] [--engines sqlite,postgres]
`;

interface SpeedOptions {
  readonly json: boolean;
  readonly engines: readonly EngineName[];
  readonly quick: boolean;
}

/** A row of the table: arguments of bench:relay, and what has to come out. */
interface Row {
  readonly name: string;
  readonly keys: number;
  readonly latencyMs: number;
  readonly args: readonly string[];
  readonly bound: string;
  readonly value: (measured: Measured) => number;
  readonly isMet: (value: number) => boolean;
}

const LATENCY_MS = 1_200;
const SLOW_KEYS = 32;
const SLOW_WINDOW = 8;
/** What so many keys can do at most. */
const SLOW_MOST = (SLOW_KEYS * SLOW_WINDOW * 1000) / LATENCY_MS;

/** As docs/operators.md advises; the priority where this user may give it. */
const RELAY_NODE_ARGS = "--v8-pool-size=0";
const ADVISED_NICE = -10;
const RELAY_NICE = mayRaisePriority() ? ADVISED_NICE : 0;

function mayRaisePriority(): boolean {
  const own = getPriority();
  try {
    setPriority(ADVISED_NICE);
    setPriority(own);
    return true;
  } catch {
    return false;
  }
}

const steady = (measured: Measured) => measured.steady_final_per_second;

function rows(quick: boolean): Row[] {
  const size = (full: number) => String(quick ? Math.ceil(full / 10) : full);
  const load = (submissions: number, concurrency: number, batch: number) => [
    ...["--submissions", size(submissions), "--seconds", "120"],
    ...["--concurrency", String(concurrency), "--batch", String(batch)],
  ];
  // Node compiles again, all at once, what has run ten thousand times: a start is not what a rate is held against.
  const paced = (concurrency: number, batch: number) => [
    ...[...load(20_000, concurrency, batch), "--rate", "500"],
    ...["--warm-up", size(15_000)],
  ];
  const prompt = {
    ...{ keys: 1, latencyMs: 0, bound: "accept p99 < 60 ms" },
    ...{ value: ({ accept_ms }: Measured) => accept_ms.p99, isMet: (ms: number) => ms < 60 },
  };
  return [
    {
      ...{ name: "calls of 32", keys: 1, latencyMs: 0, args: load(20_000, 8, 32) },
      ...{ bound: "final/s >= 1000", value: steady, isMet: (rate) => rate >= 1_000 },
    },
    {
      ...{ name: "calls of one", keys: 1, latencyMs: 0, args: load(10_000, 64, 1) },
      ...{ bound: "", value: steady, isMet: () => true },
    },
    { name: "500/s in calls of one", args: paced(256, 1), ...prompt },
    { name: "500/s in calls of one, HTTP/1.1", args: [...paced(256, 1), "--http", "1.1"], ...prompt },
    { name: "500/s in calls of 32", args: paced(64, 32), ...prompt },
    {
      ...{ name: `${SLOW_KEYS} keys, window ${SLOW_WINDOW}`, keys: SLOW_KEYS, latencyMs: LATENCY_MS },
      args: [...load(6_000, 16, 32), "--keys", String(SLOW_KEYS), "--window", String(SLOW_WINDOW)],
      bound: `final/s >= ${(SLOW_MOST * 0.9).toFixed(0)} (90 %)`,
      ...{ value: steady, isMet: (rate) => rate >= SLOW_MOST * 0.9 },
    },
  ];
}

async function bench({ engines, quick }: SpeedOptions, folder: string): Promise<SpeedReport> {
  const keystores = new Map<number, Keystore>();
  for (const keys of [1, SLOW_KEYS]) {
    keystores.set(keys, await makeKeystore(await subfolder(folder, `keys-${keys}`), keys));
  }
  const measured: SpeedRow[] = [];
  const stages: SpeedReport["stages"] = {};
  const measurable = engines.filter((name) => whySkipped(name) === undefined);
  for (const engine of measurable) {
    const all = rows(quick);
    for (const [i, row] of [...all, ...all.slice(0, 1)].entries()) {
      // The first row once more, with a profile, which costs something itself.
      const isProfiled = i === all.length;
      process.stderr.write(`bench: ${engine}, ${row.name}${isProfiled ? ", by stage" : ""}\n`);
      const keystore = keystores.get(row.keys);
      if (keystore === undefined) throw new Error(`no keystore of ${row.keys} keys`);
      const own = await subfolder(folder, `${engine}-${i}`);
      const options = {
        ...readOptions(["--chain", "mock", `--relay-node-args=${RELAY_NODE_ARGS}`, ...row.args]),
        relayNice: RELAY_NICE,
        profileFolder: isProfiled ? own : undefined,
      };
      const result = await measure({ engine, latencyMs: row.latencyMs, folder: own, keystore, options });
      if (isProfiled) {
        const spent = await stagesIn(join(own, `${engine}-${row.latencyMs}`));
        stages[engine] = Object.fromEntries([...spent].map(([name, ms]) => [name, ms / result.submissions]));
      } else {
        const { name, bound } = row;
        const value = row.value(result);
        measured.push({ name, bound, value, isMet: row.isMet(value), measured: result });
      }
    }
  }
  return {
    ok: measured.every(
      ({ isMet, measured: { failures, duplicates, missing } }) =>
        isMet && failures + duplicates + missing === 0,
    ),
    at: new Date().toISOString(),
    machine: await lookAtMachine(folder),
    relay_node_args: RELAY_NODE_ARGS,
    relay_nice: RELAY_NICE,
    postgres: measurable.includes("postgres") ? await postgresFacts() : {},
    rows: measured,
    stages,
  };
}

async function subfolder(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  return path;
}

await runBench({
  name: "speed",
  usage: USAGE,
  readOptions: (args): SpeedOptions => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        engines: { type: "string", default: "sqlite,postgres" },
      },
    });
    const { engines } = readOptions(["--engines", values.engines]);
    return { json: values.json, quick: values.quick, engines };
  },
  bench: async (options, folder) => {
    const report = await bench(options, folder);
    return { report, table: speedTable(report) };
  },
});
