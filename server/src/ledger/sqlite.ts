import { existsSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely, sql, type Transaction } from "kysely";
import type { Engine } from "./engine.ts";
import { LedgerUnavailableError } from "./errors.ts";
import { GroupCommit } from "./group-commit.ts";
import { migrate } from "./migrations.ts";
import type { LedgerSchema } from "./schema.ts";
import { NodeSqliteDialect } from "./sqlite-dialect.ts";
import { surfacedSqliteError } from "./sqlite-errors.ts";
import { SqliteLock } from "./sqlite-lock.ts";

/** How long another program that reads the file may hold a commit up, in milliseconds. */
const BUSY_TIMEOUT_MS = 1_000;

/** A ledger in one file, for one process. Throws LedgerLockedError while another process has it open. */
export async function openSqlite(path: string): Promise<Engine> {
  mkdirSync(dirname(resolve(path)), { recursive: true, mode: 0o700 });
  const file = existsSync(path) ? realpathSync(path) : resolve(path);
  const lock = new SqliteLock(file);
  try {
    const connection = openFile(file);
    const db = new Kysely<LedgerSchema>({ dialect: new NodeSqliteDialect(connection) });
    try {
      await migrate(db, "blob");
    } catch (error) {
      await db.destroy();
      throw error;
    }
    return new SqliteEngine(db, connection, lock);
  } catch (error) {
    lock.release();
    throw surfacedSqliteError(error);
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

class SqliteEngine implements Engine {
  /** One connection does everything, and a piece of work waits for no more than a group of them. */
  readonly urgent = this;
  readonly locksRows = false;
  readonly #db: Kysely<LedgerSchema>;
  readonly #connection: DatabaseSync;
  readonly #lock: SqliteLock;
  readonly #commits: GroupCommit;
  #transaction: Transaction<LedgerSchema> | undefined;
  #closed = false;

  constructor(db: Kysely<LedgerSchema>, connection: DatabaseSync, lock: SqliteLock) {
    this.#db = db;
    this.#connection = connection;
    this.#lock = lock;
    this.#commits = new GroupCommit((body) => this.#commit(body));
  }

  async read<T>(body: (db: Kysely<LedgerSchema>) => Promise<T>): Promise<T> {
    return this.#surfacing(() => body(this.#db));
  }

  /** A piece of work like a writer's: nothing is committed in its middle. */
  async snapshot<T>(body: (trx: Transaction<LedgerSchema>) => Promise<T>): Promise<T> {
    return this.write(body);
  }

  async write<T>(body: (trx: Transaction<LedgerSchema>) => Promise<T>): Promise<T> {
    return this.#surfacing(() => this.#commits.add(() => this.#undoable(body)));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#commits.idle();
    await this.#db.destroy();
    this.#lock.release();
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
  async #undoable<T>(body: (trx: Transaction<LedgerSchema>) => Promise<T>): Promise<T> {
    const trx = this.#transaction;
    // SQLite ends the transaction by itself when the disk is full or fails, and a savepoint would open another.
    if (trx === undefined || !this.#connection.isTransaction) {
      throw new LedgerUnavailableError("SQLite gave the transaction up");
    }
    await sql`savepoint piece`.execute(trx);
    try {
      const result = await body(trx);
      await sql`release piece`.execute(trx);
      return result;
    } catch (error) {
      await sql`rollback to piece`.execute(trx);
      await sql`release piece`.execute(trx);
      throw error;
    }
  }

  async #surfacing<T>(action: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new LedgerUnavailableError("the ledger is closed");
    try {
      return await action();
    } catch (error) {
      throw surfacedSqliteError(error);
    }
  }
}
