import { DatabaseSync } from "node:sqlite";
import { isBusy } from "./sqlite-errors.ts";

/**
 * Holds a database file for this process's life, by an exclusive transaction on a SQLite file beside it: the
 * kernel frees it however the process ends. Throws what `locked` makes while another holds it.
 */
export class SqliteLock {
  readonly #db: DatabaseSync;

  constructor(path: string, locked: (path: string) => Error) {
    this.#db = new DatabaseSync(`${path}.lock`, { timeout: 0 });
    try {
      this.#db.exec("begin exclusive");
    } catch (error) {
      this.#db.close();
      if (!isBusy(error)) throw error;
      throw locked(path);
    }
  }

  release(): void {
    this.#db.close();
  }
}
