import { aligned, alignedColumns, type Column } from "../shared/aligned.ts";
import type { Machine } from "../shared/machine.ts";
import { quantile } from "../shared/quantiles.ts";
import type { Round } from "./measure.ts";
import { type BareRound, OVERHEAD_BELOW, type Overhead, overheadOf, type Reference } from "./overhead.ts";
import type { Row } from "./rows.ts";

/** A row over its rounds: medians. Times in milliseconds. */
export interface RowReport {
  readonly engine: string;
  readonly in_flight: number;
  /** Signatures of all rounds; each verifies. */
  readonly signed: number;
  readonly per_second: number;
  /** What a core makes in a second that does nothing but serve: 1 / (CPU time of relay and signer). */
  readonly per_second_and_core: number;
  readonly sign_ms: { readonly p50: number; readonly p99: number };
  /** CPU time of a signature. */
  readonly cpu_ms: { readonly client: number; readonly relay: number; readonly signer: number };
  readonly others_cpu_share: number;
  /** Of the server, relay and signer together, over bare FROST. */
  readonly overhead: Readonly<Record<Reference, Overhead>>;
}

/** CPU microseconds of one signature without processes, networks and stores: medians of the rounds. */
export interface BareReport {
  readonly frost: Reference;
  readonly relayer_us: number;
  readonly client_us: number;
}

/** What the server's overhead has to stay below. */
export interface Bound {
  readonly what: string;
  readonly below: number;
  readonly reached: number;
  readonly met: boolean;
}

/** Everything that one invocation found out, as `--json` prints it. */
export interface ThresholdReport {
  /** Every bound that could be looked at is met. */
  readonly ok: boolean;
  readonly at: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly bare: readonly BareReport[];
  readonly rows: readonly RowReport[];
  readonly bounds: readonly Bound[];
  /** What could not be measured, and why. */
  readonly skipped: Readonly<Record<string, string>>;
}

const median = (values: readonly number[]) => quantile(values, 0.5);

export function rowReport(
  { engine, inFlight }: Row,
  rounds: readonly Round[],
  bare: readonly BareRound[],
): RowReport {
  const of = (value: (round: Round) => number) => median(rounds.map(value));
  return {
    engine,
    in_flight: inFlight,
    signed: rounds.reduce((sum, { signed }) => sum + signed, 0),
    per_second: of(({ perSecond }) => perSecond),
    per_second_and_core: of(({ cpuMs }) => 1000 / (cpuMs.relay + cpuMs.signer)),
    sign_ms: { p50: of(({ signMs }) => signMs.p50), p99: of(({ signMs }) => signMs.p99) },
    cpu_ms: {
      client: of(({ cpuMs }) => cpuMs.client),
      relay: of(({ cpuMs }) => cpuMs.relay),
      signer: of(({ cpuMs }) => cpuMs.signer),
    },
    others_cpu_share: of(({ othersShare }) => othersShare),
    overhead: { noble: overheadOf(rounds, bare, "noble"), ours: overheadOf(rounds, bare, "ours") },
  };
}

export function bareReports(bare: readonly BareRound[]): BareReport[] {
  return (["noble", "ours"] as const).map((frost) => ({
    frost,
    relayer_us: median(bare.map((round) => round[frost].relayer_us)),
    client_us: median(bare.map((round) => round[frost].client_us)),
  }));
}

/**
 * Of signatures on SQLite, several at a time: all of what is counted there is the two processes' own. Noble's FROST is the
 * reference, as it is what a deployment would take; ours stands beside it.
 */
export function boundsOf(rows: readonly RowReport[]): Bound[] {
  const row = rows.find(({ engine, in_flight }) => engine === "sqlite" && in_flight > 1);
  if (row === undefined) return [];
  const reached = row.overhead.noble.median;
  const what = `relay and signer over bare FROST, ${NAMES.noble}`;
  return [{ what, below: OVERHEAD_BELOW, reached, met: reached < OVERHEAD_BELOW }];
}

const NAMES: Readonly<Record<Reference, string>> = {
  noble: "noble's ed25519_FROST",
  ours: "our composition of noble's operations",
};

const percent = (share: number) => (share * 100).toFixed(0);

const ROW_COLUMNS: readonly Column<RowReport>[] = [
  { title: "engine", cell: (row) => row.engine },
  { title: "in flight", cell: (row) => String(row.in_flight) },
  { title: "signed/s", cell: (row) => row.per_second.toFixed(1) },
  { title: "/s and core", cell: (row) => row.per_second_and_core.toFixed(1) },
  { title: "sign p50", cell: (row) => row.sign_ms.p50.toFixed(1) },
  { title: "p99", cell: (row) => row.sign_ms.p99.toFixed(1) },
  { title: "client cpu", cell: (row) => row.cpu_ms.client.toFixed(2) },
  { title: "relay cpu", cell: (row) => row.cpu_ms.relay.toFixed(2) },
  { title: "signer cpu", cell: (row) => row.cpu_ms.signer.toFixed(2) },
  { title: "others %", cell: (row) => percent(row.others_cpu_share) },
  { title: "over noble %", cell: (row) => percent(row.overhead.noble.median) },
  { title: "over ours %", cell: (row) => percent(row.overhead.ours.median) },
  { title: "lowest", cell: (row) => percent(row.overhead.ours.lowest) },
  { title: "highest", cell: (row) => percent(row.overhead.ours.highest) },
];

/** The report for a person. bench/README.md says what it means. */
export function table({ at, machine, rounds, bare, rows, bounds, skipped }: ThresholdReport): string {
  return [
    `${at}, ${machine.cpus} CPUs (${machine.cpu_model}), Node ${machine.node}, medians of ${rounds} rounds`,
    `file system ${machine.file_system}, 4 KiB written and flushed in ${machine.flush_ms.toFixed(2)} ms`,
    "",
    ...aligned([
      ["bare FROST, one signature", "relayer ms", "client ms"],
      ...bare.map(({ frost, relayer_us, client_us }) => [
        NAMES[frost],
        (relayer_us / 1000).toFixed(2),
        (client_us / 1000).toFixed(2),
      ]),
    ]),
    "",
    ...alignedColumns(ROW_COLUMNS, rows),
    "",
    ...bounds.map(
      ({ what, below, reached, met }) =>
        `${what}: ${percent(reached)} %, below ${percent(below)} %: ${met ? "met" : "NOT MET"}`,
    ),
    ...Object.entries(skipped).map(([what, why]) => `${what} skipped: ${why}`),
    "",
  ].join("\n");
}
