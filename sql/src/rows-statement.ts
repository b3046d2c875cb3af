import type { Compilable, Kysely } from "kysely";
import { FixedStatement, type Parameter } from "./fixed-statement.ts";
import { rowsAtOnce } from "./slices.ts";
import { together } from "./together.ts";

/** Of statements with so many rows each, every number of rows is made of few: the largest first. */
const SIZES = [128, 96, 64, 48, 32, 24, 16, 12, 8, 6, 5, 4, 3, 2, 1];
const LARGEST = 128;

/**
 * A statement over some rows of parameters, of which a call has at most some dozens: its text is built once for each
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
      const isPrepared = SIZES.includes(rows.length);
      statement = new FixedStatement((db) => this.#build(db, rows.length), isPrepared);
      this.#bySize.set(rows.length, statement);
    }
    return statement.run(db, rows.flat());
  }

  /** As `run`, in as many statements as it takes to have only a few texts. For rows that do not depend on each other. */
  async runInParts(db: Kysely<Schema>, rows: readonly (readonly Parameter[])[]): Promise<Row[]> {
    const parts: Promise<Row[]>[] = [];
    const most = mostRows(db, rows);
    for (let from = 0; from < rows.length; ) {
      const size = SIZES.find((one) => one <= Math.min(most, rows.length - from)) ?? 1;
      parts.push(this.run(db, rows.slice(from, from + size)));
      from += size;
    }
    return (await together(parts)).flat();
  }

  /**
   * As `runInParts`, in as few statements as can be: what is missing to the next size is filled with rows of nulls. For
   * statements to which such a row means nothing, because they look for something that equals its parameters.
   */
  async runFilled(db: Kysely<Schema>, rows: readonly (readonly Parameter[])[]): Promise<Row[]> {
    const parts: Promise<Row[]>[] = [];
    const nulls = (rows[0] ?? []).map(() => null);
    const most = mostRows(db, rows);
    for (let from = 0; from < rows.length; from += most) {
      const part = rows.slice(from, from + most);
      const size = Math.min(most, SIZES.findLast((one) => one >= part.length) ?? most);
      parts.push(this.run(db, [...part, ...Array.from({ length: size - part.length }, () => nulls)]));
    }
    return (await together(parts)).flat();
  }
}

function mostRows<Schema>(db: Kysely<Schema>, rows: readonly (readonly Parameter[])[]): number {
  return rowsAtOnce(db.getExecutor().adapter, rows[0]?.length ?? 1, LARGEST);
}
