import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { type DialectAdapter, SqliteAdapter, SqliteDialect, type SqliteStatement } from "kysely";
import { TransactionGoneError } from "./sqlite-errors.ts";

/** Kysely's SQLite dialect over `node:sqlite`. Integers are read as bigint. */
export class NodeSqliteDialect extends SqliteDialect {
  constructor(db: DatabaseSync) {
    const statements = new StatementCache(db);
    super({ database: { prepare: (sql) => statements.get(sql), close: () => db.close() } });
  }

  override createAdapter(): DialectAdapter {
    return new TransactionalDdlAdapter();
  }
}

/** SQLite rolls schema changes back like everything else: a killed migration leaves nothing. */
export class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Texts differ with the sizes of batches: several hundred. */
const MAX_STATEMENTS = 1_000;

class StatementCache {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, SqliteStatement>();
  /** Whether a transaction was begun and is not ended by us. */
  #inTransaction = false;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  get(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    // A deferred transaction that reads before it writes could fail half-way with SQLITE_BUSY.
    const statement = this.#adapt(sql, this.#db.prepare(sql === "begin" ? "begin immediate" : sql));
    this.#statements.set(sql, statement);
    return statement;
  }

  #adapt(sql: string, statement: StatementSync): SqliteStatement {
    statement.setReadBigInts(true);
    const guarded = <T>(run: () => T): T => {
      this.#assertNotGone();
      return run();
    };
    return {
      reader: statement.columns().length > 0,
      all: (parameters) => guarded(() => statement.all(...(parameters as SQLInputValue[]))),
      iterate: (parameters) => guarded(() => statement.iterate(...(parameters as SQLInputValue[]))),
      run: (parameters) => {
        if (sql === "rollback") return this.#rollback(statement);
        const result = guarded(() => statement.run(...(parameters as SQLInputValue[])));
        if (sql === "begin") this.#inTransaction = true;
        if (sql === "commit") this.#inTransaction = false;
        return result;
      },
    };
  }

  /** What comes after the end of a transaction that SQLite gave up would be carried out, and stay, by itself. */
  #assertNotGone(): void {
    if (this.#inTransaction && !this.#db.isTransaction) throw new TransactionGoneError();
  }

  #rollback(statement: StatementSync): ReturnType<SqliteStatement["run"]> {
    this.#inTransaction = false;
    return this.#db.isTransaction ? statement.run() : { changes: 0n, lastInsertRowid: 0n };
  }
}
