import { Kysely, PostgresDialect, sql, type Transaction } from "kysely";
import pg from "pg";
import type { Engine } from "./engine.ts";
import { LedgerUnavailableError } from "./errors.ts";
import { migrate } from "./migrations.ts";
import { surfacedPostgresError } from "./postgres-errors.ts";
import type { LedgerSchema } from "./schema.ts";

const CONNECT_TIMEOUT_MS = 5_000;
/** The server ends a statement after the first, and the client gives up on a silent server after the second. */
const ORDINARY = { max: 16, statement_timeout: 10_000, query_timeout: 12_000 };
/** Connections of their own: in a pool, whoever comes waits behind all that came before. Its work is asked for again. */
const URGENT = { max: 3, statement_timeout: 2_000, query_timeout: 3_000 };
/** How long a process that stopped in the middle of a transaction may hold its locks. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** A ledger that many processes share. `url` is a libpq connection URI. */
export async function openPostgres(url: string): Promise<Engine> {
  try {
    await prepareDatabase(url);
  } catch (error) {
    throw surfacedPostgresError(error);
  }
  const idle = { idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS };
  const urgent = new PostgresEngine(connect(url, { ...URGENT, ...idle }));
  return new PostgresEngine(connect(url, { ...ORDINARY, ...idle }), urgent);
}

/** On a connection of its own: a migration, or the wait for another process's, may take long. */
async function prepareDatabase(url: string): Promise<void> {
  const db = connect(url, { max: 1 });
  try {
    const { rows } = await sql<{ value: string }>`
      select current_setting('synchronous_commit') as value`.execute(db);
    if (rows[0]?.value === "off") {
      throw new Error("PostgreSQL runs with synchronous_commit off: a crash would lose accepted submissions");
    }
    await migrate(db, "bytea");
  } finally {
    await db.destroy();
  }
}

function connect(url: string, options: pg.PoolConfig): Kysely<LedgerSchema> {
  const pool = new pg.Pool({
    ...options,
    connectionString: url,
    application_name: "countersign-relay",
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types: { getTypeParser },
  });
  // A connection that breaks is replaced, and a query on it fails with the same error. Without listeners the
  // event would end the process, while the connection is idle (pool) or in use (client).
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return new Kysely<LedgerSchema>({ dialect: new PostgresDialect({ pool }) });
}

const parseBytes = pg.types.getTypeParser(pg.types.builtins.BYTEA) as (text: string) => Buffer;

/** int8 is read as bigint and bytea as a plain Uint8Array, as from SQLite. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: "text" | "binary") => {
  if (oid === pg.types.builtins.INT8) return BigInt;
  if (oid === pg.types.builtins.BYTEA) return (text: string) => Uint8Array.from(parseBytes(text));
  return pg.types.getTypeParser(oid, format as "text");
};

class PostgresEngine implements Engine {
  readonly urgent: Engine;
  readonly locksRows = true;
  readonly #db: Kysely<LedgerSchema>;
  #closed = false;

  constructor(db: Kysely<LedgerSchema>, urgent?: Engine) {
    this.#db = db;
    this.urgent = urgent ?? this;
  }

  async read<T>(body: (db: Kysely<LedgerSchema>) => Promise<T>): Promise<T> {
    return this.#surfacing(() => body(this.#db));
  }

  async snapshot<T>(body: (trx: Transaction<LedgerSchema>) => Promise<T>): Promise<T> {
    const transaction = this.#db
      .transaction()
      .setIsolationLevel("repeatable read")
      .setAccessMode("read only");
    return this.#surfacing(() => transaction.execute(body));
  }

  async write<T>(body: (trx: Transaction<LedgerSchema>) => Promise<T>): Promise<T> {
    return this.#surfacing(() => this.#db.transaction().execute(body));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([this.#db.destroy(), this.urgent.close()]);
  }

  async #surfacing<T>(action: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new LedgerUnavailableError("the ledger is closed");
    try {
      return await action();
    } catch (error) {
      throw surfacedPostgresError(error);
    }
  }
}
