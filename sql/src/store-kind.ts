import type { Kysely } from "kysely";
import type { Migration } from "kysely/migration";

/** The engine's type for bytes. */
export type BytesType = "blob" | "bytea";

/** What a store is: its tables, its name in messages, and the errors that its owner wants to see. */
export interface StoreKind<Schema> {
  /** As messages call it, for example "ledger". */
  readonly name: string;
  /** What a PostgreSQL server calls the connections. */
  readonly applicationName: string;
  /** By name, in order. A migration that was released is never changed: another one follows it. */
  migrations(bytes: BytesType): Record<string, Migration>;
  /**
   * The error for a database that cannot be reached or is too busy: whether a write happened is then unknown.
   * `message` says what failed, for the log.
   */
  unavailable(message: string, options?: { cause: unknown }): Error;
  /** The error for a SQLite file that another process has open. */
  locked(path: string): Error;
  /**
   * Looks at each new connection to PostgreSQL before anything else runs on it, with a database that uses only this
   * one; whoever wanted the connection gets what it throws. False says that the connections made before lead
   * elsewhere: they are closed.
   */
  readonly onConnection?: (db: Kysely<Schema>) => Promise<boolean>;
}
