// Measures threshold ECDSA end to end, wallets, relay and signer in processes of their own, and a wallet's page in
// Chromium. Ends with 0 only if every bound that could be looked at is met.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeKeystore } from "../relay/keystore.ts";
import { whySkipped } from "../relay/ledgers.ts";
import { lookAtMachine } from "../relay/machine.ts";
import type { EngineName } from "../relay/options.ts";
import { type BenchOptions, readOptions } from "../signer/options.ts";
import { boundsOf } from "./bounds.ts";
import { BenchBrowser, type BrowserRound, whyNoBrowser } from "./browser.ts";
import { measurePresigning, measureSigning, type Round, type SigningRound } from "./measure.ts";
import { browserReport, type EcdsaReport, rowReport, table } from "./report.ts";
import { type ServedStack, serveStack } from "./served-stack.ts";
import { POOL } from "./sizes.ts";
import { measureWire, type Wire } from "./wire.ts";

const USAGE = "bench:ecdsa [--json] [--quick] [--rounds N] [--profile FOLDER] [--log-level LEVEL]\n";
const ENGINES: readonly EngineName[] = ["sqlite", "postgres"];
/** A wallet's presignatures of a quick round. */
const QUICK = 2;
/** Presignatures whose bytes are counted. */
const COUNTED = 2;

/** An engine and the values of its rounds so far. */
interface Row {
  readonly engine: EngineName;
  readonly served: ServedStack;
  readonly presigning: Round[];
  readonly signing: SigningRound[];
}

async function bench(options: BenchOptions, folder: string): Promise<EcdsaReport> {
  const machine = await lookAtMachine(folder);
  const keystore = await makeKeystore(folder);
  const { logLevel, profileFolder, rounds } = options;
  const browser = whyNoBrowser() === undefined ? await BenchBrowser.start() : undefined;
  const rows: Row[] = [];
  const pages: BrowserRound[] = [];
  let wire: Wire | undefined;
  try {
    for (const engine of ENGINES.filter((name) => whySkipped(name) === undefined)) {
      const stack = { folder, keystore, logLevel, profileFolder, pageOrigin: browser?.origin };
      rows.push({ engine, served: await serveStack(engine, stack), presigning: [], signing: [] });
    }
    const [{ served }] = rows as [Row];
    // The first is the warm-up.
    for (let round = 0; round <= rounds; round++) {
      process.stderr.write(round === 0 ? "bench: warm-up\n" : `bench: round ${round} of ${rounds}\n`);
      const isKept = round > 0;
      for (const row of rows) await unlessBroken(row.served, measureRow(row, options, isKept));
      // A page that was just opened is what a user has, so pages are not warmed up.
      if (browser !== undefined && isKept) {
        pages.push(await unlessBroken(served, browser.measure(served.stack.relayUrl)));
      }
    }
    wire = await unlessBroken(served, measureWire(served, COUNTED));
  } finally {
    for (const { served } of rows) await served.stop();
    await browser?.stop();
  }
  return reportOf(machine, rows, wire, pages, rounds);
}

async function measureRow(row: Row, { smaller }: BenchOptions, isKept: boolean): Promise<void> {
  const each = smaller > 1 ? QUICK : POOL;
  const presigned = await measurePresigning(row.served, each);
  const signed = await measureSigning(row.served, each);
  if (!isKept) return;
  row.presigning.push(presigned);
  row.signing.push(signed);
}

function unlessBroken<T>({ stack }: ServedStack, work: Promise<T>): Promise<T> {
  return Promise.race([work, stack.broken]);
}

function reportOf(
  machine: EcdsaReport["machine"],
  rows: readonly Row[],
  wire: Wire,
  pages: readonly BrowserRound[],
  rounds: number,
): EcdsaReport {
  const rowReports = rows.map(({ engine, presigning, signing }) => rowReport(engine, presigning, signing));
  const browser = pages.length === 0 ? undefined : browserReport(pages);
  const row = rowReports.find(({ engine }) => engine === "sqlite");
  const bounds = boundsOf({ row, wire, browser });
  const noPostgres = whySkipped("postgres");
  const noBrowser = whyNoBrowser();
  return {
    ok: bounds.every(({ met }) => met),
    at: new Date().toISOString(),
    machine,
    rounds,
    rows: rowReports,
    wire,
    ...(browser && { browser }),
    bounds,
    skipped: {
      ...(noPostgres !== undefined && { postgres: noPostgres }),
      ...(noBrowser !== undefined && { chromium: noBrowser }),
    },
  };
}

// What was started ends with this process, also when it is told to end.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

try {
  const options = readOptions(process.argv.slice(2));
  const folder = await mkdtemp(join(tmpdir(), "countersign-ecdsa-bench-"));
  const report = await bench(options, folder);
  process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : table(report));
  process.exitCode = report.ok ? 0 : 1;
  // Whoever gets an error wants the logs.
  await rm(folder, { recursive: true, force: true });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  process.exitCode = 2;
}
