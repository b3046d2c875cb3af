import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { performance } from "node:perf_hooks";
import type { LaneToken, Ledger } from "@countersign/server/ledger/ledger.ts";
import { ledgerOver } from "@countersign/server/ledger/ledger-over.ts";
import { openLedger } from "@countersign/server/ledger/open-ledger.ts";
import { Secret } from "@countersign/service-kit";
import { type PlannedStatement, recordedEngine } from "../../../tests/support/recorded-engine.ts";
import type { EngineName } from "../shared/ledgers.ts";
import { quantile } from "../shared/quantiles.ts";
import { BEGIN, preparedLedger, takeLane } from "./bench-ledger.ts";
import { fill } from "./fill.ts";
import { fillDatabase, LANE, ledgerBytes } from "./fill-database.ts";
import { round, type Step } from "./round.ts";

/** One call of the ledger, in a small ledger and in one that has grown: the tenth of its times that are least bound it, in microseconds. */
export interface Operation {
  readonly name: string;
  readonly empty_us: number;
  readonly grown_us: number;
  /** Of the second to the first. */
  readonly ratio: number;
  /** What it asks the database, and how that finds it in the ledger that has grown. */
  readonly statements: readonly PlannedStatement[];
}

export interface GrowthRun {
  readonly engine: EngineName;
  readonly rows: number;
  readonly fill_seconds: number;
  readonly ledger_bytes: number;
  readonly operations: readonly Operation[];
}

/** Of the times of an operation, the share in which the machine did little else. */
const QUIET = 0.1;
/** Rounds before any is measured: also those that fill a page of what is rare. */
const MAX_WARM_UP = 12;
const warmUp = (rounds: number) => Math.min(MAX_WARM_UP, rounds);
/** What a finished submission takes, at most, while the ledger is filled. */
const BYTES_A_ROW = 7_000;

/**
 * Measures every operation on a ledger that began empty and on one with so many finished submissions, in turn, so that
 * whatever else the machine does meets both.
 */
export async function measureGrowth(
  engine: EngineName,
  rows: number,
  rounds: number,
  folder: string,
): Promise<GrowthRun> {
  await checkRoom(rows);
  const empty = await preparedLedger(engine, folder, `${engine}-empty`);
  const grown = await preparedLedger(engine, folder, `${engine}-grown`);
  try {
    const began = performance.now();
    await fill(fillDatabase(grown.url), rows, BEGIN);
    const fillMs = performance.now() - began;
    const bytes = await ledgerBytes(grown.url);
    const [before, after] = await timed([empty.url, grown.url], rounds);
    const plans = await plansOf(grown.url, warmUp(rounds) + rounds);
    return {
      engine,
      rows,
      fill_seconds: fillMs / 1_000,
      ledger_bytes: bytes,
      operations: [...(before ?? [])].map(([name, times]) => {
        const [empty_us, grown_us] = [quantile(times, QUIET), quantile(after?.get(name) ?? [], QUIET)];
        return { name, empty_us, grown_us, ratio: grown_us / empty_us, statements: plans.get(name) ?? [] };
      }),
    };
  } finally {
    await empty.drop();
    await grown.drop();
  }
}

async function checkRoom(rows: number): Promise<void> {
  const { bavail, bsize } = await statfs(tmpdir());
  if (bavail * bsize > rows * BYTES_A_ROW) return;
  throw new Error(`too little room below ${tmpdir()} for a ledger of ${rows} submissions`);
}

type Times = Map<string, number[]>;

/** Microseconds of each operation in each round, for each ledger. */
async function timed(urls: readonly string[], rounds: number): Promise<Times[]> {
  const opened: { ledger: Ledger; lane: LaneToken; times: Times }[] = [];
  try {
    for (const url of urls) {
      const ledger = await openLedger(new Secret(url), () => BEGIN);
      opened.push({ ledger, lane: await takeLane(ledger, LANE), times: new Map() });
    }
    for (let number = 0; number < warmUp(rounds) + rounds; number++) {
      for (const { ledger, lane, times } of opened) {
        const step: Step = async (name, work) => {
          const began = performance.now();
          const result = await work();
          const took = (performance.now() - began) * 1_000;
          if (number >= warmUp(rounds)) times.set(name, [...(times.get(name) ?? []), took]);
          return result;
        };
        await round(ledger, lane, number, step);
      }
    }
    return opened.map(({ times }) => times);
  } finally {
    for (const { ledger } of opened) await ledger.close();
  }
}

/** One more round, in which every statement is written down and asked after. */
async function plansOf(url: string, number: number): Promise<Map<string, PlannedStatement[]>> {
  const { engine, plans } = recordedEngine(url);
  const ledger = ledgerOver(engine, () => BEGIN);
  const found = new Map<string, PlannedStatement[]>();
  try {
    const lane = await takeLane(ledger, LANE);
    await plans();
    await round(ledger, lane, number, async (name, work) => {
      const result = await work();
      found.set(name, [...(found.get(name) ?? []), ...(await plans())]);
      return result;
    });
    return found;
  } finally {
    await ledger.close();
  }
}
