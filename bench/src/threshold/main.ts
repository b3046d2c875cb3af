// Measures threshold signatures end to end, wallet, relay and signer in processes of their own, beside bare FROST in one
// thread. Ends with 0 only if what relay and signer spend beyond bare FROST is below its bound.
import { makeKeystore } from "../shared/keystore.ts";
import { type EngineName, whySkipped } from "../shared/ledgers.ts";
import { lookAtMachine } from "../shared/machine.ts";
import { type RoundOptions, readRoundOptions, roundUsage } from "../shared/round-options.ts";
import { runBench } from "../shared/run-bench.ts";
import { measureBareFrost } from "./bare-frost.ts";
import { measureRound, type Round } from "./measure.ts";
import type { BareRound } from "./overhead.ts";
import { bareReports, boundsOf, rowReport, type ThresholdReport, table } from "./report.ts";
import { ROWS, type Row } from "./rows.ts";
import { type ServedStack, serveStack } from "./served-stack.ts";

/** Signatures of bare FROST in a round, by each of the two compositions. */
const BARE_SIGNATURES = 60;

/** What is measured, and the values of its rounds so far. */
interface Measured {
  readonly bare: BareRound[];
  readonly rows: readonly { readonly row: Row; readonly rounds: Round[] }[];
}

type Stacks = ReadonlyMap<EngineName, ServedStack>;

async function bench(options: RoundOptions, folder: string): Promise<ThresholdReport> {
  const machine = await lookAtMachine(folder);
  const keystore = await makeKeystore(folder);
  const rows = ROWS.filter(({ engine }) => whySkipped(engine) === undefined);
  const measured: Measured = { bare: [], rows: rows.map((row) => ({ row, rounds: [] })) };
  const { logLevel, profileFolder } = options;
  const stacks = new Map<EngineName, ServedStack>();
  try {
    for (const engine of new Set(rows.map((row) => row.engine))) {
      stacks.set(engine, await serveStack(engine, { folder, keystore, logLevel, profileFolder }));
    }
    // The first is the warm-up.
    for (let round = 0; round <= options.rounds; round++) {
      process.stderr.write(round === 0 ? "bench: warm-up\n" : `bench: round ${round} of ${options.rounds}\n`);
      await measureAll(measured, stacks, { smaller: options.smaller, isKept: round > 0 });
    }
  } finally {
    for (const stack of stacks.values()) await stack.stop();
  }
  return reportOf(machine, measured, options.rounds);
}

/** Bare FROST and the rows take turns, so that what else the machine does meets all of them. */
async function measureAll(
  { bare, rows }: Measured,
  stacks: Stacks,
  { smaller, isKept }: { smaller: number; isKept: boolean },
): Promise<void> {
  const costs = measureBareFrost(Math.ceil(BARE_SIGNATURES / smaller));
  if (isKept) bare.push(costs);
  for (const { row, rounds } of rows) {
    const served = stacks.get(row.engine);
    if (served === undefined) throw new Error(`no stack for ${row.engine}`);
    const less = { ...row, signatures: Math.ceil(row.signatures / smaller) };
    const round = await Promise.race([measureRound(served, less), served.stack.broken]);
    if (isKept) rounds.push(round);
  }
}

function reportOf(
  machine: ThresholdReport["machine"],
  { bare, rows }: Measured,
  rounds: number,
): ThresholdReport {
  const rowReports = rows.map(({ row, rounds }) => rowReport(row, rounds, bare));
  const bounds = boundsOf(rowReports);
  const noPostgres = whySkipped("postgres");
  return {
    ok: bounds.every(({ met }) => met),
    at: new Date().toISOString(),
    machine,
    rounds,
    bare: bareReports(bare),
    rows: rowReports,
    bounds,
    skipped: noPostgres === undefined ? {} : { postgres: noPostgres },
  };
}

await runBench({
  name: "threshold-bench",
  usage: roundUsage("bench:threshold"),
  readOptions: readRoundOptions,
  bench: async (options, folder) => {
    const report = await bench(options, folder);
    return { report, table: table(report) };
  },
});
