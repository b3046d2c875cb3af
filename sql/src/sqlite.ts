import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely, sql, type Transaction } from "kysely";
import type { Engine } from "./engine.ts";
import { GroupCommit } from "./group-commit.ts";
import { migrate } from "./migrate.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";
import { sqliteErrorPasses, TransactionGoneError } from "./sqlite-errors.ts";
import { SqliteLock } from "./sqlite-lock.ts";
import type { StoreKind } from "./store-kind.ts";

/** How long another program that reads the file may hold a commit up, in milliseconds. */
const BUSY_TIMEOUT_MS = 1_000;

/** A store in one file, for one process. Throws the kind's `locked` error while another process has it open. */
export async function openSqlite<Schema>(path: string, kind: StoreKind<Schema>): Promise<Engine<Schema>> {
  mkdirSync(dirname(resolve(path)), { recursive: true, mode: 0o700 });
  const file = existsSync(path) ? realpathSync(path) : resolve(path);
  const lock = new SqliteLock(file, kind.locked);
  try {
    const connection = openFile(file);
    const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(connection) });
    try {
      await migrate(db, kind.migrations("blob"));
    } catch (error) {
      await db.destroy();
      throw error;
    }
    return new SqliteEngine(db, connection, kind, lock);
  } catch (error) {
    lock.release();
    throw surfaced(error, kind);
  }
}

/** A store in one file that another process may have open: for reading, as its schema stands. */
export function openSqliteReader<Schema>(path: string, kind: StoreKind<Schema>): Engine<Schema> {
  try {
    const connection = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true });
    const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(connection) });
    return new SqliteEngine(db, connection, kind);
  } catch (error) {
    throw surfaced(error, kind);
  }
}

function openFile(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    // FULL: a commit is on disk before it answers. fullfsync is the same for macOS, and nothing elsewhere.
    db.exec("pragma journal_mode = wal; pragma synchronous = full; pragma fullfsync = on");
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** The error to surface: the kind's own for what may pass, everything else as it is. */
function surfaced<Schema>(error: unknown, kind: StoreKind<Schema>): unknown {
  if (!sqliteErrorPasses(error)) return error;
  return kind.unavailable(`the SQLite ${kind.name} cannot be written or read now`, { cause: error });
}

class SqliteEngine<Schema> implements Engine<Schema> {
  /** One connection does everything, and a piece of work waits for no more than a group of them. */
  readonly urgent = this;
  readonly locksRows = false;
  readonly #db: Kysely<Schema>;
  readonly #connection: DatabaseSync;
  readonly #kind: StoreKind<Schema>;
  readonly #lock: SqliteLock | undefined;
  readonly #commits: GroupCommit;
  #transaction: Transaction<Schema> | undefined;
  #closed = false;

  constructor(db: Kysely<Schema>, connection: DatabaseSync, kind: StoreKind<Schema>, lock?: SqliteLock) {
    this.#db = db;
    this.#connection = connection;
    this.#kind = kind;
    this.#lock = lock;
    this.#commits = new GroupCommit((body) => this.#commit(body));
  }

  async read<T>(body: (db: Kysely<Schema>) => Promise<T>): Promise<T> {
    return this.#surfacing(() => body(this.#db));
  }

  /** A piece of work like a writer's: nothing is committed in its middle. */
  async snapshot<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    return this.write(body);
  }

  async write<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    return this.#surfacing(() => this.#commits.add(() => this.#undoable(body)));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#commits.idle();
    await this.#db.destroy();
    this.#lock?.release();
  }

  async #commit(body: () => Promise<void>): Promise<void> {
    try {
      await this.#db.transaction().execute((trx) => {
        this.#transaction = trx;
        return body();
      });
    } finally {
      this.#transaction = undefined;
    }
  }

  /** One of the group's pieces of work: what it wrote is undone when it throws, and its neighbours' stays. */
  async #undoable<T>(body: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
    const trx = this.#transaction;
    if (trx === undefined) throw new TransactionGoneError();
    await sql`savepoint piece`.execute(trx);
    try {
      const result = await body(trx);
      await sql`release piece`.execute(trx);
      return result;
    } catch (error) {
      if (this.#connection.isTransaction) {
        await sql`rollback to piece`.execute(trx);
        await sql`release piece`.execute(trx);
      }
      throw error;
    }
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
