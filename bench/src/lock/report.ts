import { RISTRETTO255, suiteParameters } from "@countersign/crypto/lock/lock-suite.ts";
import type { SuiteNumber } from "@countersign/signer-service/lock/lock-key-records.ts";
import type { PartSize } from "../../../clients/web/build/part-sizes.ts";
import { alignedColumns, type Column } from "../shared/aligned.ts";
import type { Machine } from "../shared/machine.ts";
import { quantile } from "../shared/quantiles.ts";
import { CLIENT, NOBLE, type Piece, type PieceRound, SIGNER_WORK } from "./arithmetic.ts";
import type { Round } from "./measure.ts";
import type { Row } from "./rows.ts";

/** What the signer's work alone has to reach in suite 1, in unlocks per second of a core. */
const AT_LEAST = 3_000;

/** A piece over its rounds. */
export interface PieceReport {
  readonly suite: string;
  readonly piece: string;
  /** Unlocks for each second of CPU time: median of the rounds. */
  readonly per_second_and_core: number;
  readonly lowest: number;
  readonly highest: number;
  /** Of the wall's clock, for one unlock. */
  readonly unlock_ms: Quantiles;
  /** How many times as many as JavaScript makes in the same rounds; absent for what has no such twin. */
  readonly times_noble?: number;
}

/** A row over its rounds: medians. Times in milliseconds. */
export interface RowReport {
  readonly suite: string;
  readonly way: string;
  readonly offered_per_second: number;
  /** Of all rounds; each was answered with the right element. */
  readonly unlocks: number;
  readonly per_second: number;
  readonly call_ms: Quantiles;
  readonly cpu_ms: { readonly relay: number; readonly signer: number; readonly load: number };
  /** What a core makes in a second that does nothing but serve. */
  readonly per_second_and_core: number;
  readonly others_cpu_share: number;
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

export interface Bound {
  readonly what: string;
  readonly at_least: number;
  readonly reached: number;
  readonly met: boolean;
}

/** Everything that one invocation found out, as `--json` prints it. */
export interface LockReport {
  /** The bound is met. */
  readonly ok: boolean;
  readonly at: string;
  readonly machine: Machine;
  readonly rounds: number;
  /** What the signer computes suite 1 with. */
  readonly arithmetic: string;
  readonly pieces: readonly PieceReport[];
  readonly rows: readonly RowReport[];
  /** What pages load of the web client. */
  readonly client: readonly PartSize[];
  readonly bounds: readonly Bound[];
}

export interface MeasuredPiece {
  readonly piece: Piece;
  readonly rounds: readonly PieceRound[];
}

const median = (values: readonly number[]) => quantile(values, 0.5);
const quantiles = (values: readonly number[]) => ({ p50: median(values), p99: quantile(values, 0.99) });
const nameOf = (suite: SuiteNumber) =>
  suiteParameters(suite) === RISTRETTO255 ? "ristretto255" : "ffdhe3072";

export function pieceReports(measured: readonly MeasuredPiece[]): PieceReport[] {
  return measured.map(({ piece: { name, suite }, rounds }) => {
    const rates = rounds.map(({ perCpuSecond }) => perCpuSecond);
    const noble = measured.find(({ piece }) => piece.suite === suite && piece.name === NOBLE)?.rounds ?? [];
    const ratios = rates.map((rate, i) => rate / (noble[i]?.perCpuSecond ?? Number.NaN));
    return {
      suite: nameOf(suite),
      piece: name,
      per_second_and_core: median(rates),
      lowest: Math.min(...rates),
      highest: Math.max(...rates),
      unlock_ms: quantiles(rounds.flatMap(({ callMs }) => callMs)),
      ...(name === NOBLE || name === CLIENT ? {} : { times_noble: median(ratios) }),
    };
  });
}

export function rowReport({ suite, way, perSecond }: Row, rounds: readonly Round[]): RowReport {
  const of = (value: (round: Round) => number) => median(rounds.map(value));
  return {
    suite: nameOf(suite),
    way: way === "relay" ? "relay and signer" : "signer",
    offered_per_second: perSecond,
    unlocks: rounds.reduce((sum, { unlocks }) => sum + unlocks, 0),
    per_second: of((round) => round.perSecond),
    call_ms: quantiles(rounds.flatMap(({ callMs }) => callMs)),
    cpu_ms: {
      relay: of(({ cpuMs }) => cpuMs.relay),
      signer: of(({ cpuMs }) => cpuMs.signer),
      load: of(({ cpuMs }) => cpuMs.load),
    },
    per_second_and_core: of(({ cpuMs }) => 1000 / (cpuMs.relay + cpuMs.signer)),
    others_cpu_share: of(({ othersShare }) => othersShare),
  };
}

export function boundsOf(pieces: readonly PieceReport[], arithmetic: string): Bound[] {
  return pieces
    .filter(({ suite, piece }) => suite === nameOf(1) && piece === SIGNER_WORK)
    .map(({ per_second_and_core: reached }) => ({
      what: `ristretto255, ${SIGNER_WORK} with ${arithmetic}, unlocks per second and core`,
      at_least: AT_LEAST,
      reached,
      met: reached >= AT_LEAST,
    }));
}

const ms = (value: number) => value.toFixed(value < 10 ? 2 : 1);

const PIECE_COLUMNS: readonly Column<PieceReport>[] = [
  { title: "suite", cell: ({ suite }) => suite },
  { title: "in this process", cell: ({ piece }) => piece },
  { title: "/s and core", cell: (piece) => piece.per_second_and_core.toFixed(1) },
  { title: "lowest", cell: ({ lowest }) => lowest.toFixed(1) },
  { title: "highest", cell: ({ highest }) => highest.toFixed(1) },
  { title: "times JavaScript", cell: ({ times_noble }) => times_noble?.toFixed(1) ?? "" },
  { title: "unlock p50", cell: ({ unlock_ms }) => ms(unlock_ms.p50) },
  { title: "p99", cell: ({ unlock_ms }) => ms(unlock_ms.p99) },
];

const ROW_COLUMNS: readonly Column<RowReport>[] = [
  { title: "suite", cell: ({ suite }) => suite },
  { title: "over HTTP/2", cell: ({ way }) => way },
  { title: "asked/s", cell: (row) => String(row.offered_per_second) },
  { title: "answered/s", cell: (row) => row.per_second.toFixed(1) },
  { title: "call p50", cell: ({ call_ms }) => ms(call_ms.p50) },
  { title: "p99", cell: ({ call_ms }) => ms(call_ms.p99) },
  { title: "relay cpu", cell: ({ cpu_ms }) => cpu_ms.relay.toFixed(2) },
  { title: "signer cpu", cell: ({ cpu_ms }) => cpu_ms.signer.toFixed(2) },
  { title: "load", cell: ({ cpu_ms }) => cpu_ms.load.toFixed(2) },
  { title: "/s and core", cell: (row) => row.per_second_and_core.toFixed(1) },
  { title: "others %", cell: (row) => (row.others_cpu_share * 100).toFixed(0) },
];

const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);

const CLIENT_COLUMNS: readonly Column<PartSize>[] = [
  { title: "what a page loads", cell: ({ part }) => part },
  { title: "minified kB", cell: ({ minified }) => kilobytes(minified) },
  { title: "gzip kB", cell: ({ gzip }) => kilobytes(gzip) },
];

/** The report for a person. bench/README.md says what it means. */
export function table(report: LockReport): string {
  const { at, machine, rounds, arithmetic, pieces, rows, client, bounds } = report;
  return [
    `${at}, ${machine.cpus} CPUs (${machine.cpu_model}), Node ${machine.node}, medians of ${rounds} rounds`,
    `the signer computes ristretto255 with ${arithmetic}`,
    "",
    ...alignedColumns(PIECE_COLUMNS, pieces),
    "",
    ...alignedColumns(ROW_COLUMNS, rows),
    "",
    ...alignedColumns(CLIENT_COLUMNS, client),
    "",
    ...bounds.map(
      ({ what, at_least, reached, met }) =>
        `${what}: ${reached.toFixed(0)}, at least ${at_least}: ${met ? "met" : "NOT MET"}`,
    ),
    "",
  ].join("\n");
}
