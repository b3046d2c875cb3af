import { aligned } from "../shared/aligned.ts";
import type { Machine } from "../shared/machine.ts";
import type { Cell } from "./measure.ts";
import type { Latency } from "./speed.ts";

/** Everything that one invocation found out, as `--json` prints it. */
export interface Report {
  /** Of our relay no delegate failed, was doubled, lost or denied. */
  readonly ok: boolean;
  readonly at: string;
  readonly machine: Machine;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly cells: readonly Cell[];
  readonly ratios: readonly Ratio[];
}

/** One of our cells over the peer's of the same latency and concurrency. */
export interface Ratio {
  readonly relay: string;
  readonly rpc_latency_ms: number;
  readonly concurrency: number;
  readonly tx_per_second: Times;
  readonly p50: Times;
  readonly p99: Times;
}

interface Times {
  readonly times: number;
  /** Where one of the two is only known from below, the ratio is at most this, or at least. */
  readonly bound: "exact" | "at most" | "at least" | "unknown";
}

/** Each cell of a relay other than `peer`, over the peer's. */
export function ratios(cells: readonly Cell[], peer: string): Ratio[] {
  return cells.flatMap((cell) => {
    const { relay, rpc_latency_ms, concurrency } = cell;
    const other = cells.find(
      (one) => one.relay === peer && one.rpc_latency_ms === rpc_latency_ms && one.concurrency === concurrency,
    );
    if (relay === peer || other === undefined) return [];
    return {
      relay,
      rpc_latency_ms,
      concurrency,
      tx_per_second: { times: cell.tx_per_second / other.tx_per_second, bound: "exact" },
      p50: latencyTimes(cell.p50, other.p50),
      p99: latencyTimes(cell.p99, other.p99),
    };
  });
}

function latencyTimes(ours: Latency, other: Latency): Times {
  const times = ours.ms / other.ms;
  if (ours.atLeast) return { times, bound: other.atLeast ? "unknown" : "at least" };
  return { times, bound: other.atLeast ? "at most" : "exact" };
}

const COLUMNS: readonly { title: string; cell: (cell: Cell, ratio: Ratio | undefined) => string }[] = [
  { title: "RPC ms", cell: (cell) => String(cell.rpc_latency_ms) },
  { title: "in flight", cell: (cell) => String(cell.concurrency) },
  { title: "relay", cell: (cell) => cell.relay },
  { title: "calls", cell: (cell) => String(cell.calls) },
  { title: "tx/s", cell: (cell) => cell.tx_per_second.toFixed(2) },
  { title: "times", cell: (_, ratio) => times(ratio?.tx_per_second) },
  { title: "p50 ms", cell: ({ p50 }) => latency(p50) },
  { title: "times", cell: (_, ratio) => times(ratio?.p50) },
  { title: "p99 ms", cell: ({ p99 }) => latency(p99) },
  { title: "times", cell: (_, ratio) => times(ratio?.p99) },
  { title: "failed", cell: (cell) => String(cell.failed) },
  { title: "open", cell: (cell) => String(cell.open) },
  { title: "doubled", cell: (cell) => String(cell.doubled) },
  { title: "lost", cell: (cell) => String(cell.lost) },
  { title: "denied", cell: (cell) => String(cell.denied) },
  { title: "cpu ms", cell: (cell) => cell.cpu_ms.toFixed(1) },
  { title: "others %", cell: (cell) => (cell.others_cpu_share * 100).toFixed(0) },
];

function latency({ ms, atLeast }: Latency): string {
  return Number.isNaN(ms) ? "-" : `${atLeast ? ">" : ""}${ms.toFixed(0)}`;
}

const BOUND_SIGNS = { exact: "", "at most": "<", "at least": ">", unknown: "?" } as const;

function times(ratio: Times | undefined): string {
  if (ratio === undefined || !Number.isFinite(ratio.times)) return "";
  return `${BOUND_SIGNS[ratio.bound]}${ratio.times.toFixed(2)}`;
}

/** The report for a person. Columns are explained in bench/README.md. */
export function table({ at, machine, settings, cells, ratios }: Report): string {
  const rows = cells.map((cell) => {
    const ratio = ratios.find(
      (one) =>
        one.relay === cell.relay &&
        one.rpc_latency_ms === cell.rpc_latency_ms &&
        one.concurrency === cell.concurrency,
    );
    return COLUMNS.map((column) => column.cell(cell, ratio));
  });
  const memory = (machine.memory_bytes / 2 ** 30).toFixed(0);
  return [
    `${at}, ${machine.cpus} CPUs (${machine.cpu_model}), ${memory} GiB, Node ${machine.node}`,
    `file system ${machine.file_system}, 4 KiB written and flushed in ${machine.flush_ms.toFixed(2)} ms`,
    ...Object.entries(settings).map(([name, value]) => `${name.replaceAll("_", " ")}: ${value}`),
    "",
    ...aligned([COLUMNS.map(({ title }) => title), ...rows]),
    "",
    ...cells.flatMap(({ relay, rpc_latency_ms, concurrency, failures }) =>
      Object.entries(failures).map(
        ([why, count]) =>
          `${relay} at ${rpc_latency_ms} ms, ${concurrency} in flight: ${count} calls failed: ${why}`,
      ),
    ),
    "",
  ].join("\n");
}
