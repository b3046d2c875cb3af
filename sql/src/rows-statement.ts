import type { Compilable, Kysely } from "kysely";
import { FixedStatement, type Parameter } from "./fixed-statement.ts";

/**
 * A statement over some rows of parameters, of which a call has at most a few dozen: its text is built once for each
 * number of rows, since that takes longer than running it.
 */
export class RowsStatement<Schema, Row> {
  readonly #build: (db: Kysely<Schema>, rows: number) => Compilable<Row>;
  readonly #bySize = new Map<number, FixedStatement<Schema, Row>>();

  /** `build` makes the statement for a number of rows, with any parameters. */
  constructor(build: (db: Kysely<Schema>, rows: number) => Compilable<Row>) {
    this.#build = build;
  }

  /** Each row's parameters in the order of the statement's text. Without rows nothing is asked. */
  async run(db: Kysely<Schema>, rows: readonly (readonly Parameter[])[]): Promise<Row[]> {
    if (rows.length === 0) return [];
    let statement = this.#bySize.get(rows.length);
    if (statement === undefined) {
      statement = new FixedStatement((db) => this.#build(db, rows.length));
      this.#bySize.set(rows.length, statement);
    }
    return statement.run(db, rows.flat());
  }
}
