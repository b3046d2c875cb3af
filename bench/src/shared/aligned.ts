/** Numbers stand at the right of their column, words at the left. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const [title = [], first = title] = rows;
  const widths = title.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const isNumber = first.map((text) => /^[\d.]+$/.test(text));
  return rows.map((row) =>
    row
      .map((text, i) => (isNumber[i] ? text.padStart(widths[i] ?? 0) : text.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

/** A column of a table: its title, and its cell of a row. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
}

/** A table of these columns, a line for each row below the titles. */
export function alignedColumns<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  return aligned([
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ]);
}
