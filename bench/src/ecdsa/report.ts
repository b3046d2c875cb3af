import { aligned, alignedColumns, type Column } from "../shared/aligned.ts";
import type { EngineName } from "../shared/ledgers.ts";
import type { Machine } from "../shared/machine.ts";
import { quantile } from "../shared/quantiles.ts";
import type { Bound } from "./bounds.ts";
import type { BrowserRound } from "./browser.ts";
import type { LoopDelay } from "./loop-delay.ts";
import type { Round, SigningRound } from "./measure.ts";
import type { Wire } from "./wire.ts";

/** One kind of work over its rounds: medians. Times in milliseconds. */
interface WorkReport {
  /** Of all rounds. */
  readonly made: number;
  readonly per_second: number;
  /** CPU time of one. */
  readonly cpu_ms: { readonly client: number; readonly relay: number; readonly signer: number };
  /** Calls to the relay for one. */
  readonly calls: number;
  /** How late the signer's main loop was. */
  readonly loop_ms: LoopDelay;
  readonly others_cpu_share: number;
}

/** What an engine reached. */
export interface RowReport {
  /** Of the relay's ledger and of the signer's store. */
  readonly engine: EngineName;
  readonly presigning: WorkReport;
  readonly signing: WorkReport & { readonly sign_ms: { readonly p50: number; readonly max: number } };
}

/** What a page in Chromium reached: medians over pages. Times in milliseconds. */
export interface BrowserReport {
  readonly made: number;
  /** CPU time of one presignature: of the page's whole process, and of the worker's thread alone. */
  readonly cpu_ms: { readonly process: number; readonly worker: number };
  /** The page's own thread: its longest task by the clock, and by CPU time. */
  readonly page_task_ms: { readonly longest: number; readonly longest_cpu: number };
}

/** Everything that one invocation found out, as `--json` prints it. */
export interface EcdsaReport {
  /** Every bound that could be looked at is met. */
  readonly ok: boolean;
  readonly at: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly rows: readonly RowReport[];
  readonly wire: Wire;
  readonly browser?: BrowserReport;
  readonly bounds: readonly Bound[];
  /** What could not be measured, and why. */
  readonly skipped: Readonly<Record<string, string>>;
}

function medianOf<T>(rounds: readonly T[], value: (round: T) => number): number {
  return quantile(rounds.map(value), 0.5);
}

export function rowReport(
  engine: EngineName,
  presigning: readonly Round[],
  signing: readonly SigningRound[],
): RowReport {
  const sign_ms = {
    p50: medianOf(signing, ({ signMs }) => signMs.p50),
    max: medianOf(signing, ({ signMs }) => signMs.max),
  };
  return { engine, presigning: workReport(presigning), signing: { ...workReport(signing), sign_ms } };
}

function workReport(rounds: readonly Round[]): WorkReport {
  const of = (value: (round: Round) => number) => medianOf(rounds, value);
  return {
    made: rounds.reduce((sum, { made }) => sum + made, 0),
    per_second: of(({ perSecond }) => perSecond),
    cpu_ms: {
      client: of(({ cpuMs }) => cpuMs.client),
      relay: of(({ cpuMs }) => cpuMs.relay),
      signer: of(({ cpuMs }) => cpuMs.signer),
    },
    calls: of(({ calls }) => calls),
    loop_ms: {
      p50: of(({ loop }) => loop.p50),
      p95: of(({ loop }) => loop.p95),
      max: of(({ loop }) => loop.max),
    },
    others_cpu_share: of(({ othersShare }) => othersShare),
  };
}

export function browserReport(rounds: readonly BrowserRound[]): BrowserReport {
  return {
    made: rounds.reduce((sum, { presignatures }) => sum + presignatures, 0),
    cpu_ms: {
      process: medianOf(rounds, ({ rendererMs, presignatures }) => rendererMs / presignatures),
      worker: medianOf(rounds, ({ worker, presignatures }) => worker.cpuMs / presignatures),
    },
    page_task_ms: {
      longest: medianOf(rounds, ({ page }) => page.longestMs),
      longest_cpu: medianOf(rounds, ({ page }) => page.longestCpuMs),
    },
  };
}

interface Line extends WorkReport {
  readonly engine: EngineName;
  readonly work: string;
}

const COLUMNS: readonly Column<Line>[] = [
  { title: "engine", cell: ({ engine }) => engine },
  { title: "work", cell: ({ work }) => work },
  { title: "made", cell: ({ made }) => String(made) },
  { title: "/s", cell: ({ per_second }) => per_second.toFixed(1) },
  { title: "calls", cell: ({ calls }) => calls.toFixed(2) },
  { title: "client cpu", cell: ({ cpu_ms }) => cpu_ms.client.toFixed(2) },
  { title: "relay cpu", cell: ({ cpu_ms }) => cpu_ms.relay.toFixed(2) },
  { title: "signer cpu", cell: ({ cpu_ms }) => cpu_ms.signer.toFixed(2) },
  { title: "loop p50", cell: ({ loop_ms }) => loop_ms.p50.toFixed(1) },
  { title: "p95", cell: ({ loop_ms }) => loop_ms.p95.toFixed(1) },
  { title: "max", cell: ({ loop_ms }) => loop_ms.max.toFixed(1) },
  { title: "others %", cell: ({ others_cpu_share }) => (others_cpu_share * 100).toFixed(0) },
];

/** The report for a person. bench/README.md says what it means. */
export function table({ at, machine, rounds, rows, wire, browser, bounds, skipped }: EcdsaReport): string {
  const lines = rows.flatMap(({ engine, presigning, signing }): Line[] => [
    { engine, work: "presignature", ...presigning },
    { engine, work: "signature", ...signing },
  ]);
  return [
    `${at}, ${machine.cpus} CPUs (${machine.cpu_model}), Node ${machine.node}, medians of ${rounds} rounds`,
    `file system ${machine.file_system}, 4 KiB written and flushed in ${machine.flush_ms.toFixed(2)} ms`,
    "",
    ...alignedColumns(COLUMNS, lines),
    ...rows.map(
      ({ engine, signing: { sign_ms } }) =>
        `${engine}: a signature takes ${sign_ms.p50.toFixed(1)} ms after it was authorised, at most ${sign_ms.max.toFixed(1)}`,
    ),
    "",
    ...aligned([
      ["a presignature's bytes", "protocol", "whole"],
      ...(["client", "relayer"] as const).map((side) => [
        side,
        wire[side].protocol.toFixed(0),
        wire[side].whole.toFixed(0),
      ]),
    ]),
    "",
    ...(browser === undefined ? [] : browserLines(browser)),
    ...bounds.map(boundLine),
    ...Object.entries(skipped).map(([what, why]) => `${what} skipped: ${why}`),
    "",
  ].join("\n");
}

function browserLines({ made, cpu_ms, page_task_ms }: BrowserReport): string[] {
  return [
    `Chromium: ${made} presignatures, CPU of one ${cpu_ms.process.toFixed(0)} ms, the worker's ${cpu_ms.worker.toFixed(0)}`,
    `the page's longest task: ${page_task_ms.longest.toFixed(1)} ms, by CPU time ${page_task_ms.longest_cpu.toFixed(1)}`,
    "",
  ];
}

function boundLine({ what, unit, at_least, at_most, reached, met }: Bound): string {
  const digits = Number.isInteger(reached) || reached >= 1_000 ? 0 : 1;
  const bound = at_least === undefined ? `at most ${at_most}` : `${at_least} to ${at_most}`;
  const text = `${what}: ${reached.toFixed(digits)} ${unit}`.trimEnd();
  return `${text}, ${bound}: ${met ? "met" : "NOT MET"}`;
}
