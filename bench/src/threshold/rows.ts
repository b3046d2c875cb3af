import type { EngineName } from "../shared/ledgers.ts";

/** One row of the table. */
export interface Row {
  /** Of the relay's ledger and of the signer's store. */
  readonly engine: EngineName;
  /** Wallets that sign at the same time; each makes one signature after another. */
  readonly inFlight: number;
  /** Signatures of one round. */
  readonly signatures: number;
}

const ALONE = { inFlight: 1, signatures: 100 };
const TOGETHER = { inFlight: 8, signatures: 400 };

export const ROWS: readonly Row[] = [
  { engine: "sqlite", ...ALONE },
  { engine: "sqlite", ...TOGETHER },
  { engine: "postgres", ...ALONE },
  { engine: "postgres", ...TOGETHER },
];

/** As many wallets as the largest row needs. */
export const WALLETS: number = Math.max(...ROWS.map(({ inFlight }) => inFlight));
