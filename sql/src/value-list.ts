import { type AliasedRawBuilder, sql } from "kysely";

/** What the columns of a list of rows hold. */
export type SqlType = "text" | "bigint";
type Value<T extends SqlType> = T extends "text" ? string : bigint;
export type Row<Columns extends Record<string, SqlType>> = { [K in keyof Columns]: Value<Columns[K]> | null };

/** Rows that only give a statement its shape: of nulls. */
export function anyRows<Columns extends Record<string, SqlType>>(
  columns: Columns,
  count: number,
): Row<Columns>[] {
  const row = Object.fromEntries(Object.keys(columns).map((name) => [name, null])) as Row<Columns>;
  return Array.from({ length: count }, () => row);
}

/**
 * Rows of parameters that a statement can join with, under the name `alias`. The casts stand around the columns:
 * PostgreSQL takes bare parameters for text, and SQLite would give some hundred bare columns an index of their own and
 * read the whole table that they are joined with.
 */
export function valueList<Alias extends string, Columns extends Record<string, SqlType>>(
  alias: Alias,
  columns: Columns,
  rows: readonly Row<Columns>[],
): AliasedRawBuilder<Row<Columns>, Alias> {
  const types = Object.entries(columns);
  const tuples = rows.map((row) => sql`(${sql.join(types.map(([name]) => row[name] ?? null))})`);
  // Both engines call the columns of VALUES column1, column2 and so on.
  const names = types.map(
    ([name, type], i) => sql`cast(${sql.ref(`column${i + 1}`)} as ${sql.raw(type)}) as ${sql.ref(name)}`,
  );
  return sql<Row<Columns>>`(select ${sql.join(names)} from (values ${sql.join(tuples)}) as rows)`.as(alias);
}
