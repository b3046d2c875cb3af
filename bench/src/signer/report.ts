import { aligned, alignedColumns, type Column } from "../shared/aligned.ts";
import type { Machine } from "../shared/machine.ts";
import { quantile } from "../shared/quantiles.ts";
import type { Round } from "./measure.ts";
import type { Row } from "./rows.ts";

/** A loop's turns per second, over the rounds. */
export interface LoopReport {
  readonly loop: string;
  readonly includes: string;
  readonly per_second: number;
  readonly lowest: number;
  readonly highest: number;
}

/** A row over its rounds: medians. Times in milliseconds. */
export interface RowReport {
  readonly store: string;
  readonly place: string;
  readonly kind: string;
  readonly per_call: number;
  readonly in_flight: number;
  /** Transactions of all rounds; each came back with a signature that verifies. */
  readonly signed: number;
  readonly per_second: number;
  readonly lowest: number;
  readonly highest: number;
  readonly call_ms: { readonly p50: number; readonly p99: number };
  readonly cpu_ms: { readonly signer: number; readonly load: number };
  readonly others_cpu_share: number;
  readonly event_loop_ms: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** What the signer has to reach, in signatures per second. */
export interface Bound {
  readonly what: string;
  readonly at_least: number;
  readonly reached: number;
  readonly met: boolean;
}

/** Everything that one invocation found out, as `--json` prints it. */
export interface SignerReport {
  /** Every bound that could be looked at is met. */
  readonly ok: boolean;
  readonly at: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly loops: readonly LoopReport[];
  readonly rows: readonly RowReport[];
  readonly bounds: readonly Bound[];
  /** What could not be measured, and why. */
  readonly skipped: Readonly<Record<string, string>>;
}

const median = (values: readonly number[]) => quantile(values, 0.5);

export function spread(values: readonly number[]) {
  return { per_second: median(values), lowest: Math.min(...values), highest: Math.max(...values) };
}

export function rowReport({ store, place, kind, size, inFlight }: Row, rounds: readonly Round[]): RowReport {
  const of = (value: (round: Round) => number) => median(rounds.map(value));
  return {
    store,
    place,
    kind,
    per_call: size,
    in_flight: inFlight,
    signed: rounds.reduce((sum, { signed }) => sum + signed, 0),
    ...spread(rounds.map(({ perSecond }) => perSecond)),
    call_ms: { p50: of(({ callMs }) => callMs.p50), p99: of(({ callMs }) => callMs.p99) },
    cpu_ms: { signer: of(({ cpuMs }) => cpuMs.signer), load: of(({ cpuMs }) => cpuMs.load) },
    others_cpu_share: of(({ othersShare }) => othersShare),
    event_loop_ms: {
      p50: of(({ eventLoop }) => eventLoop.p50),
      p99: of(({ eventLoop }) => eventLoop.p99),
      max: Math.max(...rounds.map(({ eventLoop }) => eventLoop.max)),
    },
  };
}

const ROW_COLUMNS: readonly Column<RowReport>[] = [
  { title: "store", cell: (row) => row.store },
  { title: "key in", cell: (row) => row.place },
  { title: "kind", cell: (row) => row.kind },
  { title: "per call", cell: (row) => String(row.per_call) },
  { title: "in flight", cell: (row) => String(row.in_flight) },
  { title: "signed/s", cell: (row) => row.per_second.toFixed(0) },
  { title: "lowest", cell: (row) => row.lowest.toFixed(0) },
  { title: "highest", cell: (row) => row.highest.toFixed(0) },
  { title: "call p50", cell: (row) => row.call_ms.p50.toFixed(1) },
  { title: "p99", cell: (row) => row.call_ms.p99.toFixed(1) },
  { title: "signer cpu", cell: (row) => row.cpu_ms.signer.toFixed(3) },
  { title: "load", cell: (row) => row.cpu_ms.load.toFixed(3) },
  { title: "others %", cell: (row) => (row.others_cpu_share * 100).toFixed(0) },
  { title: "loop p50", cell: (row) => row.event_loop_ms.p50.toFixed(1) },
  { title: "p99", cell: (row) => row.event_loop_ms.p99.toFixed(1) },
  { title: "max", cell: (row) => row.event_loop_ms.max.toFixed(1) },
];

/** The report for a person. bench/README.md says what it means. */
export function table({ at, machine, rounds, loops, rows, bounds, skipped }: SignerReport): string {
  return [
    `${at}, ${machine.cpus} CPUs (${machine.cpu_model}), Node ${machine.node}, medians of ${rounds} rounds`,
    `file system ${machine.file_system}, 4 KiB written and flushed in ${machine.flush_ms.toFixed(2)} ms`,
    "",
    ...aligned([
      ["loop in one thread", "turns/s", "lowest", "highest", "what it includes"],
      ...loops.map(({ loop, includes, per_second, lowest, highest }) => [
        loop,
        per_second.toFixed(0),
        lowest.toFixed(0),
        highest.toFixed(0),
        includes,
      ]),
    ]),
    "",
    ...alignedColumns(ROW_COLUMNS, rows),
    "",
    ...bounds.map(
      ({ what, at_least, reached, met }) =>
        `${what}: ${reached.toFixed(0)}/s, at least ${at_least.toFixed(0)}/s: ${met ? "met" : "NOT MET"}`,
    ),
    ...Object.entries(skipped).map(([what, why]) => `${what} skipped: ${why}`),
    "",
  ].join("\n");
}
