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
