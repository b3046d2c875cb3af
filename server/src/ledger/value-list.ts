import { type AliasedRawBuilder, sql } from "kysely";

type SqlType = "text" | "bigint";
type Value<T extends SqlType> = T extends "text" ? string : bigint;
type Row<Columns extends Record<string, SqlType>> = { [K in keyof Columns]: Value<Columns[K]> | null };

/**
 * Rows of parameters that a statement can join with, under the name `alias`. The types are spelt out because
 * PostgreSQL takes bare parameters for text.
 */
export function valueList<Alias extends string, Columns extends Record<string, SqlType>>(
  alias: Alias,
  columns: Columns,
  rows: readonly Row<Columns>[],
): AliasedRawBuilder<Row<Columns>, Alias> {
  const types = Object.entries(columns);
  const tuples = rows.map((row) => {
    const cells = types.map(([name, type]) => sql`cast(${row[name] ?? null} as ${sql.raw(type)})`);
    return sql`(${sql.join(cells)})`;
  });
  // Both engines call the columns of VALUES column1, column2 and so on.
  const names = types.map(([name], i) => sql`${sql.ref(`column${i + 1}`)} as ${sql.ref(name)}`);
  return sql<Row<Columns>>`(select ${sql.join(names)} from (values ${sql.join(tuples)}) as rows)`.as(alias);
}
