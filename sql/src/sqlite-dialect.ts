import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { type DialectAdapter, SqliteAdapter, SqliteDialect, type SqliteStatement } from "kysely";

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

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  get(sql: string): SqliteStatement {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#statements.size >= MAX_STATEMENTS) this.#statements.clear();
    // A deferred transaction that reads before it writes could fail half-way with SQLITE_BUSY.
    const statement = adapt(this.#db.prepare(sql === "begin" ? "begin immediate" : sql));
    this.#statements.set(sql, statement);
    return statement;
  }
}

function adapt(statement: StatementSync): SqliteStatement {
  statement.setReadBigInts(true);
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
  };
}
