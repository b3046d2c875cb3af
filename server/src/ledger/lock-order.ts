/**
 * Rows in the order of what names them. Transactions that insert several rows of a table in one order, and their tables
 * in one order, never wait for each other in a circle.
 */
export function inOrderOf<T>(rows: readonly T[], nameOf: (row: T) => readonly (string | bigint)[]): T[] {
  return rows
    .map((row) => ({ row, name: nameOf(row) }))
    .sort((a, b) => compare(a.name, b.name))
    .map(({ row }) => row);
}

/** By code units: the same in every process, whatever its locale. */
function compare(a: readonly (string | bigint)[], b: readonly (string | bigint)[]): number {
  for (const [i, left] of a.entries()) {
    const right = b[i];
    if (right === undefined || left > right) return 1;
    if (left < right) return -1;
  }
  return 0;
}
