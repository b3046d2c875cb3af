import { aligned } from "../shared/aligned.ts";
import type { Machine } from "../shared/machine.ts";
import type { GrowthRun, Operation } from "./measure.ts";
import type { MemoryRun } from "./memory.ts";

/** What came of it all. */
export interface Report {
  readonly ok: boolean;
  readonly at: string;
  readonly machine: Machine;
  readonly runs: readonly GrowthRun[];
  readonly memory: readonly MemoryRun[];
  readonly skipped: Readonly<Record<string, string>>;
}

/** How much dearer an operation may be in a ledger that has grown. */
const MAX_RATIO = 2;
/** How much the relay's memory may grow in the second half of a run. */
const MAX_GROWTH = 0.1;
const MEBIBYTE = 2 ** 20;

export function isGood({ runs, memory }: Pick<Report, "runs" | "memory">): boolean {
  const cheap = runs.every(({ operations }) => operations.every((one) => verdict(one) === ""));
  return cheap && memory.every(({ growth, failures }) => growth < MAX_GROWTH && failures === 0);
}

function verdict({ ratio, statements }: Operation): string {
  if (statements.some(({ scans }) => scans.length > 0)) return "scans";
  return ratio > MAX_RATIO ? "dearer" : "";
}

/** The report for a person. Columns are explained in bench/README.md. */
export function table({ at, machine, runs, memory, skipped }: Report): string {
  const size = (machine.memory_bytes / 2 ** 30).toFixed(0);
  return [
    `${at}, ${machine.cpus} CPUs (${machine.cpu_model}), ${size} GiB, Node ${machine.node}`,
    `file system ${machine.file_system}, 4 KiB written and flushed in ${machine.flush_ms.toFixed(2)} ms`,
    ...runs.flatMap(runLines),
    ...memory.flatMap(memoryLines),
    ...Object.entries(skipped).map(([engine, why]) => `${engine} skipped: ${why}`),
    "",
  ].join("\n");
}

function runLines({ engine, rows, fill_seconds, ledger_bytes, operations }: GrowthRun): string[] {
  const cells = operations.map((one) => [
    ...[one.name, one.empty_us.toFixed(0), one.grown_us.toFixed(0), one.ratio.toFixed(2), verdict(one)],
  ]);
  const plans = operations.flatMap(({ name, statements }) => [
    ...new Set(statements.map(({ steps, sql }) => `  ${name}: ${steps.join("; ") || firstWords(sql)}`)),
  ]);
  return [
    "",
    `${engine}: ${rows} finished submissions, ${(ledger_bytes / 2 ** 30).toFixed(2)} GiB, made in ${fill_seconds.toFixed(0)} s`,
    ...aligned([["operation", "empty us", "grown us", "ratio", ""], ...cells]),
    `plans of ${engine} in the ledger that has grown:`,
    ...plans,
  ];
}

/** A statement that looks nothing up. */
function firstWords(sql: string): string {
  return sql.trim().split(/\s+/, 3).join(" ");
}

function memoryLines({ engine, samples, growth, failures }: MemoryRun): string[] {
  const cells = samples.map((one) => [
    String(one.submissions),
    (one.rss_bytes / MEBIBYTE).toFixed(0),
    (one.heap_floor_bytes / MEBIBYTE).toFixed(0),
  ]);
  return [
    "",
    `${engine}: memory of the relay, ${(growth * 100).toFixed(1)} % more at the end than half-way, ${failures} failures`,
    ...aligned([["submissions", "RSS MiB", "heap floor MiB"], ...cells]),
  ];
}
