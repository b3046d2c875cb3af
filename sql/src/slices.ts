import type { DialectAdapter } from "kysely";

/** How many parameters each engine takes in one statement: a Durable Object's limit, the least of them. */
export const PARAMETERS = 100;

/** Of an engine that takes fewer parameters in a statement than a RowsStatement may have. */
export interface BoundedAdapter extends DialectAdapter {
  readonly maxParameters: number;
}

/** How many rows of so many parameters an engine takes in one statement, at most `most`. */
export function rowsAtOnce(adapter: DialectAdapter, perRow: number, most: number): number {
  const { maxParameters } = adapter as Partial<BoundedAdapter>;
  return maxParameters === undefined ? most : Math.min(most, Math.floor(maxParameters / perRow));
}

/**
 * The items in parts that each fit into a statement.
 *
 * @param perItem parameters of one item
 * @param besides parameters of the rest of the statement
 */
export function* slices<T>(items: readonly T[], perItem: number, besides: number): Generator<readonly T[]> {
  const size = Math.floor((PARAMETERS - besides) / perItem);
  for (let i = 0; i < items.length; i += size) yield items.slice(i, i + size);
}
