// Measures how many transactions a second a signer of its own process signs, with its journal on disk and grants on,
// and compares it with loops that do nothing but sign, verify or commit. Ends with 0 only if every bound is met.
import { makeKeystore } from "../shared/keystore.ts";
import { type EngineName, whySkipped } from "../shared/ledgers.ts";
import { lookAtMachine } from "../shared/machine.ts";
import { type RoundOptions, readRoundOptions, roundUsage } from "../shared/round-options.ts";
import { runBench } from "../shared/run-bench.ts";
import { boundsOf } from "./bounds.ts";
import { type GrantKey, makeGrantKey } from "./grants.ts";
import { type Loop, referenceLoops } from "./loops.ts";
import { measureRound, type Round } from "./measure.ts";
import { rowReport, type SignerReport, spread, table } from "./report.ts";
import { ROWS, type Row } from "./rows.ts";
import { type ServedSigner, serveSigner } from "./signers.ts";
import { openToken, whyNoToken } from "./token.ts";

/** What is measured, and the values of its rounds so far. */
interface Measured {
  readonly loops: readonly { readonly loop: Loop; readonly rates: number[] }[];
  readonly rows: readonly { readonly row: Row; readonly rounds: Round[] }[];
}

type Signers = ReadonlyMap<EngineName, ServedSigner>;

async function bench(options: RoundOptions, folder: string): Promise<SignerReport> {
  const machine = await lookAtMachine(folder);
  const token = whyNoToken === undefined ? await openToken(folder) : undefined;
  const grantKey = makeGrantKey();
  const keystore = await makeKeystore(folder);
  const rows = ROWS.filter(
    ({ store, place }) => whySkipped(store) === undefined && (place === "keystore" || token !== undefined),
  );
  const measured: Measured = {
    loops: referenceLoops(folder, token).map((loop) => ({ loop, rates: [] })),
    rows: rows.map((row) => ({ row, rounds: [] })),
  };
  const { logLevel, profileFolder } = options;
  const signers = new Map<EngineName, ServedSigner>();
  try {
    for (const store of new Set(rows.map((row) => row.store))) {
      const signer = { folder, keystore, token, grantKey, logLevel, profileFolder };
      signers.set(store, await serveSigner(store, signer));
    }
    // The first is the warm-up.
    for (let round = 0; round <= options.rounds; round++) {
      process.stderr.write(round === 0 ? "bench: warm-up\n" : `bench: round ${round} of ${options.rounds}\n`);
      await measureAll(measured, signers, grantKey, { smaller: options.smaller, isKept: round > 0 });
    }
  } finally {
    for (const signer of signers.values()) await signer.stop();
    token?.close();
  }
  return reportOf(machine, measured, options.rounds);
}

/** Loops and rows take turns, so that what else the machine does meets all of them. */
async function measureAll(
  { loops, rows }: Measured,
  signers: Signers,
  grantKey: GrantKey,
  { smaller, isKept }: { smaller: number; isKept: boolean },
): Promise<void> {
  for (const { loop, rates } of loops) {
    const rate = await loop.run(Math.ceil(loop.turns / smaller));
    if (isKept) rates.push(rate);
  }
  for (const { row, rounds } of rows) {
    const signer = signers.get(row.store);
    const key = signer?.keys[row.place];
    if (signer === undefined || key === undefined) throw new Error(`no signer for ${row.store} ${row.place}`);
    const less = { ...row, calls: Math.ceil(row.calls / smaller) };
    const round = await Promise.race([measureRound(signer, key, grantKey, less), signer.running.ended]);
    if (isKept) rounds.push(round);
  }
}

function reportOf(machine: SignerReport["machine"], { loops, rows }: Measured, rounds: number): SignerReport {
  const loopReports = loops.map(({ loop, rates }) => ({
    loop: loop.name,
    includes: loop.includes,
    ...spread(rates),
  }));
  const bounds = boundsOf(
    rows.map(({ row, rounds }) => ({ row, perSecond: rowReport(row, rounds).per_second })),
    loopReports,
  );
  const noPostgres = whySkipped("postgres");
  return {
    ok: bounds.every(({ met }) => met),
    at: new Date().toISOString(),
    machine,
    rounds,
    loops: loopReports,
    rows: rows.map(({ row, rounds }) => rowReport(row, rounds)),
    bounds,
    skipped: {
      ...(noPostgres === undefined ? {} : { postgres: noPostgres }),
      ...(whyNoToken === undefined ? {} : { pkcs11: whyNoToken }),
    },
  };
}

await runBench({
  name: "signer-bench",
  usage: roundUsage("bench:signer"),
  readOptions: readRoundOptions,
  bench: async (options, folder) => {
    const report = await bench(options, folder);
    return { report, table: table(report) };
  },
});
