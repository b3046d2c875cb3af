import type { Secret } from "@countersign/service-kit";
import { openEngine } from "@countersign/sql";
import type { Ledger } from "./ledger.ts";
import { ledgerOver } from "./ledger-over.ts";
import { LEDGER } from "./store-kind.ts";

/**
 * Opens the ledger and brings its schema up to date. `sqlite:PATH` is a file for one process,
 * `postgres://…` a database that many share. Throws LedgerLockedError while another process has the file
 * open, and LedgerUnavailableError when the database cannot be reached. `now` tells which keys ended long ago.
 */
export async function openLedger(url: Secret<string>, now: () => Date = () => new Date()): Promise<Ledger> {
  return ledgerOver(await openEngine(url.reveal(), LEDGER), now);
}
