import type { Column } from "../shared/aligned.ts";
import type { Machine } from "../shared/machine.ts";
import type { Measured } from "./measure.ts";

/** Everything that one invocation found out, as `--json` prints it. */
export interface Report {
  /** No run had a failure, a duplicate or a missing transaction. */
  readonly ok: boolean;
  readonly at: string;
  readonly machine: Machine;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly runs: readonly Measured[];
  /** Engines that could not be measured, and why. */
  readonly skipped: Readonly<Record<string, string>>;
}

const MEBIBYTE = 2 ** 20;

const COLUMNS: readonly Column<Measured>[] = [
  { title: "engine", cell: (run) => run.engine },
  { title: "RPC ms", cell: (run) => String(run.rpc_latency_ms) },
  { title: "in flight", cell: (run) => String(run.concurrency) },
  { title: "calls", cell: (run) => String(run.submissions) },
  { title: "accepted/s", cell: (run) => run.accepted_per_second.toFixed(0) },
  { title: "final/s", cell: (run) => run.final_per_second.toFixed(0) },
  { title: "steady/s", cell: (run) => run.steady_final_per_second.toFixed(0) },
  { title: "accept p50", cell: (run) => run.accept_ms.p50.toFixed(0) },
  { title: "p99", cell: (run) => run.accept_ms.p99.toFixed(0) },
  { title: "final p50", cell: (run) => run.final_ms.p50.toFixed(0) },
  { title: "p99", cell: (run) => run.final_ms.p99.toFixed(0) },
  { title: "relay cpu", cell: (run) => run.cpu_ms.relay.toFixed(2) },
  { title: "signer", cell: (run) => run.cpu_ms.signer.toFixed(2) },
  { title: "devnet", cell: (run) => run.cpu_ms.devnet.toFixed(2) },
  { title: "load", cell: (run) => run.cpu_ms.load.toFixed(2) },
  { title: "others %", cell: (run) => (run.others_cpu_share * 100).toFixed(0) },
  { title: "RSS MiB", cell: (run) => (run.relay_rss_bytes / MEBIBYTE).toFixed(0) },
  { title: "failed", cell: (run) => String(run.failures) },
  { title: "doubled", cell: (run) => String(run.duplicates) },
  { title: "missing", cell: (run) => String(run.missing) },
];

/** The report for a person. Columns are explained in bench/README.md. */
export function table({ at, machine, settings, runs, skipped }: Report): string {
  const rows = [
    COLUMNS.map(({ title }) => title),
    ...runs.map((run) => COLUMNS.map(({ cell }) => cell(run))),
  ];
  const widths = COLUMNS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const lines = rows.map((row) => row.map((text, i) => text.padStart(widths[i] ?? 0)).join("  "));
  const memory = (machine.memory_bytes / 2 ** 30).toFixed(0);
  return [
    `${at}, ${machine.cpus} CPUs (${machine.cpu_model}), ${memory} GiB, Node ${machine.node}`,
    `file system ${machine.file_system}, 4 KiB written and flushed in ${machine.flush_ms.toFixed(2)} ms`,
    ...Object.entries(settings).map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`),
    "",
    ...lines,
    ...Object.entries(skipped).map(([engine, why]) => `${engine} skipped: ${why}`),
    ...runs.flatMap(({ engine, rpc_latency_ms, chain_failures }) =>
      Object.entries(chain_failures).map(
        ([call, count]) => `${engine} at ${rpc_latency_ms} ms: ${count} calls to NEAR failed: ${call}`,
      ),
    ),
    ...runs.flatMap(({ engine, rpc_latency_ms, refused }) =>
      Object.entries(refused).map(
        ([code, count]) => `${engine} at ${rpc_latency_ms} ms: ${count} calls ended with ${code}`,
      ),
    ),
    "",
  ].join("\n");
}
