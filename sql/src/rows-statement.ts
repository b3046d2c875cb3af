import type { Compilable, Kysely } from "kysely";
import { FixedStatement, type Parameter } from "./fixed-statement.ts";

/** Of statements with so many rows each, every number of rows is made of few: the largest first. */
const SIZES = [32, 16, 8, 7, 6, 5, 4, 3, 2, 1];

/**
 * A statement over some rows of parameters, of which a call has at most a few dozen: its text is built once for each
 * number of rows, since that takes longer than running it.
 */
export class RowsStatement<Schema, Row> {
  readonly #build: (db: Kysely<Schema>, rows: number) => Compilable<Row>;
  readonly #isPrepared: boolean;
  readonly #bySize = new Map<number, FixedStatement<Schema, Row>>();

  /** `build` makes the statement for a number of rows, with any parameters. What is prepared: see FixedStatement. */
  constructor(build: (db: Kysely<Schema>, rows: number) => Compilable<Row>, isPrepared = false) {
    this.#build = build;
    this.#isPrepared = isPrepared;
  }

  /** Each row's parameters in the order of the statement's text. Without rows nothing is asked. */
  async run(db: Kysely<Schema>, rows: readonly (readonly Parameter[])[]): Promise<Row[]> {
    if (rows.length === 0) return [];
    let statement = this.#bySize.get(rows.length);
    if (statement === undefined) {
      const isPrepared = this.#isPrepared && SIZES.includes(rows.length);
      statement = new FixedStatement((db) => this.#build(db, rows.length), isPrepared);
      this.#bySize.set(rows.length, statement);
    }
    return statement.run(db, rows.flat());
  }

  /** As `run`, in as many statements as it takes to have only a few texts. For rows that do not depend on each other. */
  async runInParts(db: Kysely<Schema>, rows: readonly (readonly Parameter[])[]): Promise<Row[]> {
    const found: Row[] = [];
    for (let from = 0; from < rows.length; ) {
      const size = SIZES.find((one) => one <= rows.length - from) ?? 1;
      found.push(...(await this.run(db, rows.slice(from, from + size))));
      from += size;
    }
    return found;
  }
}
