/** How many parameters each engine takes in one statement: a Durable Object's limit, the least of them. */
const PARAMETERS = 100;

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
