import type { Measured } from "../relay/measure.ts";
import { alignedColumns, type Column } from "../shared/aligned.ts";
import type { Machine } from "../shared/machine.ts";

/** A row of the table, with what had to come out of it. */
export interface SpeedRow {
  readonly name: string;
  /** In words; empty for none. */
  readonly bound: string;
  readonly value: number;
  readonly isMet: boolean;
  readonly measured: Measured;
}

/** Everything that one invocation found out, as `--json` prints it. */
export interface SpeedReport {
  /** Every bound is met, and nothing failed, was doubled or is missing. */
  readonly ok: boolean;
  readonly at: string;
  readonly machine: Machine;
  /** For node itself, where it runs the relay. */
  readonly relay_node_args: string;
  /** Its priority beside all others, as `nice` counts. */
  readonly relay_nice: number;
  /** What the server says of itself. */
  readonly postgres: Readonly<Record<string, string>>;
  readonly rows: readonly SpeedRow[];
  /** By engine and stage: the relay's CPU milliseconds per submission of the first row, by a profile. */
  readonly stages: Record<string, Readonly<Record<string, number>>>;
}

const COLUMNS: readonly Column<SpeedRow>[] = [
  { title: "row", cell: ({ name }) => name },
  { title: "ledger", cell: ({ measured }) => measured.engine },
  { title: "submissions", cell: ({ measured }) => String(measured.submissions) },
  { title: "accepted/s", cell: ({ measured }) => measured.accepted_per_second.toFixed(0) },
  { title: "final/s", cell: ({ measured }) => measured.steady_final_per_second.toFixed(0) },
  { title: "accept p50", cell: ({ measured }) => measured.accept_ms.p50.toFixed(0) },
  { title: "p99", cell: ({ measured }) => measured.accept_ms.p99.toFixed(0) },
  { title: "relay cpu", cell: ({ measured }) => measured.cpu_ms.relay.toFixed(2) },
  { title: "signer", cell: ({ measured }) => measured.cpu_ms.signer.toFixed(2) },
  { title: "chain", cell: ({ measured }) => measured.cpu_ms.devnet.toFixed(2) },
  { title: "load", cell: ({ measured }) => measured.cpu_ms.load.toFixed(2) },
  { title: "others %", cell: ({ measured }) => (measured.others_cpu_share * 100).toFixed(0) },
  { title: "wrong", cell: ({ measured: m }) => String(m.failures + m.duplicates + m.missing) },
  {
    title: "bound",
    cell: ({ bound, isMet }) => (bound === "" ? "-" : `${bound}: ${isMet ? "met" : "MISSED"}`),
  },
];

/** The report for a person. Columns are explained in docs/performance.md. */
export function speedTable(report: SpeedReport): string {
  const { at, machine, postgres, rows, stages, relay_node_args, relay_nice } = report;
  const memory = (machine.memory_bytes / 2 ** 30).toFixed(0);
  const facts = Object.entries(postgres).map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`);
  return [
    `${at}, ${machine.cpus} CPUs (${machine.cpu_model}), ${memory} GiB, Node ${machine.node}`,
    `file system ${machine.file_system}, 4 KiB written and flushed in ${machine.flush_ms.toFixed(2)} ms`,
    `the relay by nice -n ${relay_nice} node ${relay_node_args}`,
    ...(facts.length === 0 ? ["without PostgreSQL"] : [`PostgreSQL: ${facts.join(", ")}`]),
    "",
    ...alignedColumns(COLUMNS, rows),
    ...Object.entries(stages).flatMap(([engine, spent]) => [
      "",
      `relay's CPU ms per submission by stage, first row on ${engine}:`,
      ...Object.entries(spent)
        .toSorted(([, a], [, b]) => b - a)
        .map(([stage, ms]) => `${ms.toFixed(2).padStart(8)}  ${stage}`),
    ]),
    "",
  ].join("\n");
}
