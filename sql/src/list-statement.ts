import { type AliasedRawBuilder, type Compilable, type Kysely, PostgresAdapter, sql } from "kysely";
import { arrayParameter } from "./array-parameter.ts";
import { FixedStatement, type Parameter } from "./fixed-statement.ts";
import { RowsStatement } from "./rows-statement.ts";
import { anyRows, type Row, type SqlType, valueList } from "./value-list.ts";

/** Rows that a statement can join with, by the name of `v`. */
export type List<Columns extends Record<string, SqlType>> = AliasedRawBuilder<Row<Columns>, "v">;

/**
 * A statement that looks, for each row of a list, for what equals something in it: a row of nulls means nothing to it, and no
 * row depends on the others. PostgreSQL is given an array for each column: one short text for any number of rows, which it
 * reads and plans sooner than a parameter for each value (docs/decisions/0044-lists-are-arrays.md). SQLite, which has no
 * arrays, is given values, as by RowsStatement's `runFilled`.
 */
export class ListStatement<Schema, Columns extends Record<string, SqlType>, Result> {
  readonly #types: readonly SqlType[];
  readonly #ofArrays: FixedStatement<Schema, Result>;
  readonly #ofValues: RowsStatement<Schema, Result>;

  /** `build` makes the statement, whose only parameters are the list's. */
  constructor(columns: Columns, build: (db: Kysely<Schema>, list: List<Columns>) => Compilable<Result>) {
    this.#types = Object.values(columns);
    this.#ofArrays = new FixedStatement((db) => build(db, arrayList(columns)));
    this.#ofValues = new RowsStatement((db, rows) =>
      build(db, valueList("v", columns, anyRows(columns, rows))),
    );
  }

  /** Each row's values in the order of the columns. Without rows nothing is asked. */
  async run(db: Kysely<Schema>, rows: readonly (readonly Parameter[])[]): Promise<Result[]> {
    if (!(db.getExecutor().adapter instanceof PostgresAdapter)) return this.#ofValues.runFilled(db, rows);
    if (rows.length === 0) return [];
    const arrays = this.#types.map((type, column) =>
      arrayParameter(
        type,
        rows.map((row) => row[column] ?? null),
      ),
    );
    return this.#ofArrays.run(db, arrays);
  }
}

/**
 * The arrays are selected, which hides from the planner how long they are: PostgreSQL would not keep a plan for any length when
 * it sees that one for this length costs less.
 */
function arrayList<Columns extends Record<string, SqlType>>(columns: Columns): List<Columns> {
  const arrays = Object.values(columns).map((type) => sql`(select cast(${null} as ${sql.raw(`${type}[]`)}))`);
  const names = sql.join(Object.keys(columns).map((name) => sql.ref(name)));
  return sql<Row<Columns>>`(select ${names} from unnest(${sql.join(arrays)}) as rows(${names}))`.as("v");
}
