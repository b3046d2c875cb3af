// Measures threshold signatures end to end, wallet, relay and signer in processes of their own, beside bare FROST in one
// thread. Ends with 0 only if what relay and signer spend beyond bare FROST is below its bound.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKeystore } from "../relay/keystore.ts";
import { whySkipped } from "../relay/ledgers.ts";
import { lookAtMachine } from "../relay/machine.ts";
import type { EngineName } from "../relay/options.ts";
import { type BenchOptions, readOptions } from "../signer/options.ts";
import { measureBareFrost } from "./bare-frost.ts";
import { measureRound, type Round } from "./measure.ts";
import type { BareRound } from "./overhead.ts";
import { bareReports, boundsOf, rowReport, type ThresholdReport, table } from "./report.ts";
import { ROWS, type Row } from "./rows.ts";
import { type ServedStack, serveStack } from "./served-stack.ts";

const USAGE = "bench:threshold [--json] [--quick] [--rounds N] [--profile FOLDER] [--log-level LEVEL]\n";
/** Signatures of bare FROST in a round, by each of the two compositions. */
const BARE_SIGNATURES = 60;

/** What is measured, and the values of its rounds so far. */
interface Measured {
  readonly bare: BareRound[];
  readonly rows: readonly { readonly row: Row; readonly rounds: Round[] }[];
}

type Stacks = ReadonlyMap<EngineName, ServedStack>;

async function bench(options: BenchOptions, folder: string): Promise<ThresholdReport> {
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

// What was started ends with this process, also when it is told to end.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

try {
  const options = readOptions(process.argv.slice(2));
  const folder = await mkdtemp(join(tmpdir(), "countersign-threshold-bench-"));
  const report = await bench(options, folder);
  process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : table(report));
  process.exitCode = report.ok ? 0 : 1;
  // Whoever gets an error wants the logs.
  await rm(folder, { recursive: true, force: true });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  process.exitCode = 2;
}
