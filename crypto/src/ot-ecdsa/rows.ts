/** The rows of columns of the same length: [a, b] and [c, d] give [a, c] and [b, d]. */
export function rows<Columns extends readonly (readonly unknown[])[]>(
  ...columns: Columns
): { [Column in keyof Columns]: Columns[Column][number] }[] {
  const length = columns[0]?.length ?? 0;
  if (columns.some((column) => column.length !== length))
    throw new RangeError("columns of different lengths");
  return Array.from({ length }, (_, row) => columns.map((column) => column[row])) as {
    [Column in keyof Columns]: Columns[Column][number];
  }[];
}
