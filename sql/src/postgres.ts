import { type Kysely, sql, type Transaction } from "kysely";
import type pg from "pg";
import type { Engine } from "./engine.ts";
import { migrate } from "./migrate.ts";
import { PostgresConnections } from "./postgres-connections.ts";
import { databaseOver } from "./postgres-database.ts";
import { postgresErrorPasses } from "./postgres-errors.ts";
import { postgresPool } from "./postgres-pool.ts";
import { inTransaction } from "./postgres-transaction.ts";
import type { StoreKind } from "./store-kind.ts";

/** The server ends a statement after the first, and the client gives up on a silent server after the second. */
const ORDINARY = { max: 16, statement_timeout: 10_000, query_timeout: 12_000 };
/** Connections of their own: in a pool, whoever comes waits behind all that came before. Its work is asked for again. */
const URGENT = { max: 3, statement_timeout: 2_000, query_timeout: 3_000 };
/** How long a process that stopped in the middle of a transaction may hold its locks. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** A store that many processes share. `url` is a libpq connection URI. */
export async function openPostgres<Schema>(url: string, kind: StoreKind<Schema>): Promise<Engine<Schema>> {
  try {
    await prepareDatabase(url, kind);
  } catch (error) {
    throw surfaced(error, kind);
  }
  return postgresEngine(url, kind);
}

/** A store as its schema stands. Nothing is connected before it is used. */
export function postgresEngine<Schema>(url: string, kind: StoreKind<Schema>): Engine<Schema> {
  const connections = new PostgresConnections(kind.onConnection);
  const open = (options: pg.PoolConfig) =>
    postgresPool(url, kind.applicationName, {
      ...options,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      onConnect: (client) => connections.add(client),
    });
  return new PostgresEngine(open(ORDINARY), kind, new PostgresEngine(open(URGENT), kind));
}

/** On a connection of its own: a migration, or the wait for another process's, may take long. */
async function prepareDatabase<Schema>(url: string, kind: StoreKind<Schema>): Promise<void> {
  const db = databaseOver<Schema>(postgresPool(url, kind.applicationName, { max: 1 }));
  try {
    const { rows } = await sql<{ value: string }>`
      select current_setting('synchronous_commit') as value`.execute(db);
    if (rows[0]?.value === "off") {
      throw new Error(
        `PostgreSQL runs with synchronous_commit off: a crash would lose the ${kind.name}'s commits`,
      );
    }
    await migrate(db, kind.migrations("bytea"));
  } finally {
    await db.destroy();
  }
}

/** The error to surface: the kind's own for what may pass, everything else as it is. */
function surfaced<Schema>(error: unknown, kind: StoreKind<Schema>): unknown {
  return postgresErrorPasses(error)
    ? kind.unavailable("PostgreSQL does not answer as it should", { cause: error })
    : error;
}

class PostgresEngine<Schema> implements Engine<Schema> {
  readonly urgent: Engine<Schema>;
  readonly locksRows = true;
  readonly #pool: pg.Pool;
  readonly #db: Kysely<Schema>;
  readonly #kind: StoreKind<Schema>;
  #closed = false;

  constructor(pool: pg.Pool, kind: StoreKind<Schema>, urgent?: Engine<Schema>) {
    this.#pool = pool;
    this.#db = databaseOver(pool);
    this.#kind = kind;
    this.urgent = urgent ?? this;
  }

  async read<T>(body: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.#surfacing(() => body(this.#db));
  }

  async snapshot<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    const begin = "start transaction isolation level repeatable read read only";
    return this.#surfacing(() => inTransaction(this.#pool, begin, body));
  }

  async write<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    return this.#surfacing(() => inTransaction(this.#pool, "begin", body));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([this.#pool.end(), this.urgent.close()]);
  }

  async #surfacing<T>(action: () => Promise<T>): Promise<T> {
    if (this.#closed) throw this.#kind.unavailable(`the ${this.#kind.name} is closed`);
    try {
      return await action();
    } catch (error) {
      throw surfaced(error, this.#kind);
    }
  }
}
