import { DatabaseSync } from "node:sqlite";
import { LedgerLockedError } from "./errors.ts";
import { isBusy } from "./sqlite-errors.ts";

/**
 * Holds a ledger file for this process's life, by an exclusive transaction on a SQLite file beside it: the
 * kernel frees it however the process ends. Throws LedgerLockedError while another holds it.
 */
export class SqliteLock {
  readonly #db: DatabaseSync;

  constructor(ledgerPath: string) {
    this.#db = new DatabaseSync(`${ledgerPath}.lock`, { timeout: 0 });
    try {
      this.#db.exec("begin exclusive");
    } catch (error) {
      this.#db.close();
      if (!isBusy(error)) throw error;
      throw new LedgerLockedError(
        `the ledger ${ledgerPath} is open in another process: a SQLite ledger belongs to one relay at a time; ` +
          "stop the other one, give this one its own LEDGER_URL, or use PostgreSQL",
      );
    }
  }

  release(): void {
    this.#db.close();
  }
}
