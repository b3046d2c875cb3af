import { type Compilable, CompiledQuery, type Kysely } from "kysely";

const prepared = new Set<string>();

/**
 * Of a text that selects or returns all columns. What PostgreSQL has prepared of it, it would refuse to carry out once
 * another process has given the table a column more.
 */
const ALL_COLUMNS = /(\b(select|returning)|,) *("?\w+"?\.)?\*/i;

/** Whether PostgreSQL is to prepare the text. */
export function isPrepared(text: string): boolean {
  return prepared.has(text);
}

/** Has PostgreSQL prepare the text from now on, unless it is of all columns. */
export function prepare(text: string): void {
  if (!ALL_COLUMNS.test(text)) prepared.add(text);
}

/** What a statement is given. */
export type Parameter = string | bigint | Uint8Array | null;

/**
 * A statement of which only the parameters change. Its text is built once for each database: for one with many
 * columns that takes longer than running it. PostgreSQL parses and plans it once in a while for each connection
 * (docs/decisions/0046-plans-are-made-anew.md).
 */
export class FixedStatement<Schema, Row> {
  readonly #build: (db: Kysely<Schema>) => Compilable<Row>;
  readonly #isPrepared: boolean;
  readonly #texts = new WeakMap<object, string>();

  /**
   * `build` makes the statement with any parameters; those of a run take their places in the order of its text. One of very
   * many texts is better not prepared: PostgreSQL keeps each, and its plan, for each connection.
   */
  constructor(build: (db: Kysely<Schema>) => Compilable<Row>, isPrepared = true) {
    this.#build = build;
    this.#isPrepared = isPrepared;
  }

  async run(db: Kysely<Schema>, parameters: readonly Parameter[]): Promise<Row[]> {
    const { adapter } = db.getExecutor();
    let text = this.#texts.get(adapter);
    if (text === undefined) {
      text = this.#build(db).compile().sql;
      this.#texts.set(adapter, text);
      if (this.#isPrepared) prepare(text);
    }
    const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(text, [...parameters]));
    return rows;
  }
}
