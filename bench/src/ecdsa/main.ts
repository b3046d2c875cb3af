// Measures threshold ECDSA end to end, wallets, relay and signer in processes of their own, and a wallet's page in
// Chromium. Ends with 0 only if every bound that could be looked at is met.
import { makeKeystore } from "../shared/keystore.ts";
import { type EngineName, whySkipped } from "../shared/ledgers.ts";
import { lookAtMachine } from "../shared/machine.ts";
import { type RoundOptions, readRoundOptions, roundUsage } from "../shared/round-options.ts";
import { runBench } from "../shared/run-bench.ts";
import { boundsOf } from "./bounds.ts";
import { BenchBrowser, type BrowserRound, whyNoBrowser } from "./browser.ts";
import { measurePresigning, measureSigning, type Round, type SigningRound } from "./measure.ts";
import { browserReport, type EcdsaReport, rowReport, table } from "./report.ts";
import { type ServedStack, serveStack } from "./served-stack.ts";
import { POOL } from "./sizes.ts";
import { measureWire, type Wire } from "./wire.ts";

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

async function bench(options: RoundOptions, folder: string): Promise<EcdsaReport> {
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

async function measureRow(row: Row, { smaller }: RoundOptions, isKept: boolean): Promise<void> {
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

await runBench({
  name: "ecdsa-bench",
  usage: roundUsage("bench:ecdsa"),
  readOptions: readRoundOptions,
  bench: async (options, folder) => {
    const report = await bench(options, folder);
    return { report, table: table(report) };
  },
});
