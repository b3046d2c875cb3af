import { type ContextValues, createContextKey } from "@connectrpc/connect";

/** Counts a call as so many more towards the rates of its address and its caller. */
type CountMore = (calls: number) => Promise<void>;

const countMoreKey = createContextKey<CountMore | undefined>(undefined, { description: "counts more calls" });

/** Notes how the call of a caller that the gate let in is counted again. */
export function setCountMore(values: ContextValues, count: CountMore): void {
  values.set(countMoreKey, count);
}

/**
 * Counts a call that does the work of several as so many more, or takes nothing.
 *
 * @throws RATE_LIMITED; REQUEST_TOO_LARGE when no rate would ever allow so many at once
 */
export async function countMore(values: ContextValues, calls: number): Promise<void> {
  const count = values.get(countMoreKey);
  if (count === undefined) throw new Error("a call that the gate did not count reached its handler");
  if (calls > 0) await count(calls);
}
