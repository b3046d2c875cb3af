import type { Kysely, Transaction } from "kysely";

/** A database that holds a store. What differs between SQLite and PostgreSQL stands behind this. */
export interface Engine<Schema> {
  /** Outside transactions. */
  read<T>(body: (db: Kysely<Schema>) => Promise<T>): Promise<T>;
  /** Reads that all see the same commits, and nothing later. */
  snapshot<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T>;
  /**
   * Runs the body in a transaction and resolves after its commit is on disk. When the body throws, nothing of
   * it is written and its error surfaces as it is.
   */
  write<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T>;
  /**
   * The same database, for what must not wait behind callers' work: leases, and whatever decides who may do what. A
   * statement fails sooner here.
   */
  readonly urgent: Engine<Schema>;
  /** Whether writers run side by side, so that what is read in order to be written must be locked. */
  readonly locksRows: boolean;
  close(): Promise<void>;
}
