// Measures unlocks of the server lock: the arithmetic in this process, and a signer and a relay of their own processes
// at a fixed rate. Says what pages load of the web client, too. Ends with 0 only if the signer's work in suite 1 is as
// fast as it has to be.
import { randomBytes } from "node:crypto";
import { ristretto255Arithmetic } from "@countersign/signer-service/lock/lock-suites.ts";
import { LockThreads } from "@countersign/signer-service/lock/lock-threads/lock-threads.ts";
import { lookAtMachine } from "../shared/machine.ts";
import { type RoundOptions, readRoundOptions, roundUsage } from "../shared/round-options.ts";
import { runBench } from "../shared/run-bench.ts";
import { measurePiece, type Piece, type PieceRound, piecesOf } from "./arithmetic.ts";
import { clientSizes } from "./client-sizes.ts";
import { measureRound, type Round } from "./measure.ts";
import { boundsOf, type LockReport, pieceReports, rowReport, table } from "./report.ts";
import { ROWS, type Row } from "./rows.ts";
import { type ServedLock, serveLock } from "./served-lock.ts";
import { type Locked, newLocked } from "./unlocks.ts";

/** Locked elements of a suite that are unlocked in turn. */
const ELEMENTS = 16;

/** What is measured, and the values of its rounds so far. */
interface Measured {
  readonly pieces: readonly { readonly piece: Piece; readonly rounds: PieceRound[] }[];
  readonly rows: readonly {
    readonly row: Row;
    readonly elements: readonly Locked[];
    readonly rounds: Round[];
  }[];
}

async function bench(options: RoundOptions, folder: string): Promise<LockReport> {
  const machine = await lookAtMachine(folder);
  const { logLevel, profileFolder, rounds, smaller } = options;
  const threads = new LockThreads(randomBytes);
  const served = await serveLock({ folder, logLevel, profileFolder });
  try {
    const measured = await begin(served, threads);
    // The first is the warm-up.
    for (let round = 0; round <= rounds; round++) {
      process.stderr.write(round === 0 ? "bench: warm-up\n" : `bench: round ${round} of ${rounds}\n`);
      await measureAll(measured, served, { smaller, isKept: round > 0 });
    }
    return reportOf(machine, measured, rounds, await clientSizes(folder));
  } finally {
    await served.stop();
    await threads.close();
  }
}

async function begin(served: ServedLock, threads: LockThreads): Promise<Measured> {
  const locked = async (suite: Row["suite"]) =>
    Promise.all(Array.from({ length: ELEMENTS }, () => newLocked(served, suite)));
  const elements = { 1: await locked(1), 2: await locked(2) };
  return {
    pieces: ([1, 2] as const)
      .flatMap((suite) => piecesOf(suite, threads))
      .map((piece) => ({ piece, rounds: [] })),
    rows: ROWS.map((row) => ({ row, elements: elements[row.suite], rounds: [] })),
  };
}

/** Pieces and rows take turns, so that what else the machine does meets all of them. */
async function measureAll(
  { pieces, rows }: Measured,
  served: ServedLock,
  { smaller, isKept }: { smaller: number; isKept: boolean },
): Promise<void> {
  for (const { piece, rounds } of pieces) {
    const round = await measurePiece(piece, Math.ceil(piece.unlocks / smaller));
    if (isKept) rounds.push(round);
  }
  for (const { row, elements, rounds } of rows) {
    const less = { ...row, unlocks: Math.ceil(row.unlocks / smaller) };
    const running = measureRound(served, less, elements);
    const round = await Promise.race([running, served.relay.ended, served.signer.ended]);
    if (isKept) rounds.push(round);
  }
}

function reportOf(
  machine: LockReport["machine"],
  measured: Measured,
  rounds: number,
  client: LockReport["client"],
): LockReport {
  const arithmetic = ristretto255Arithmetic.name;
  const pieces = pieceReports(measured.pieces);
  const bounds = boundsOf(pieces, arithmetic);
  return {
    ok: bounds.every(({ met }) => met),
    at: new Date().toISOString(),
    machine,
    rounds,
    arithmetic,
    pieces,
    rows: measured.rows.map(({ row, rounds }) => rowReport(row, rounds)),
    client,
    bounds,
  };
}

await runBench({
  name: "lock-bench",
  usage: roundUsage("bench:lock"),
  readOptions: readRoundOptions,
  bench: async (options, folder) => {
    const report = await bench(options, folder);
    return { report, table: table(report) };
  },
});
