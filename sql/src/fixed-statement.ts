import { type Compilable, CompiledQuery, type Kysely } from "kysely";

/** What a statement is given. */
export type Parameter = string | bigint | Uint8Array | null;

/**
 * A statement of which only the parameters change. Its text is built once for each database: for one with many
 * columns that takes longer than running it.
 */
export class FixedStatement<Schema, Row> {
  readonly #build: (db: Kysely<Schema>) => Compilable<Row>;
  readonly #texts = new WeakMap<object, string>();

  /** `build` makes the statement with any parameters; those of a run take their places in the order of its text. */
  constructor(build: (db: Kysely<Schema>) => Compilable<Row>) {
    this.#build = build;
  }

  async run(db: Kysely<Schema>, parameters: readonly Parameter[]): Promise<Row[]> {
    const { adapter } = db.getExecutor();
    let text = this.#texts.get(adapter);
    if (text === undefined) {
      text = this.#build(db).compile().sql;
      this.#texts.set(adapter, text);
    }
    const { rows } = await db.executeQuery<Row>(CompiledQuery.raw(text, [...parameters]));
    return rows;
  }
}
