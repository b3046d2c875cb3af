/**
 * Waits for statements of one transaction that were made in one go, so that they travel together; gives their results, or
 * throws the first error in their order once all have ended: what follows, such as the transaction's end, follows all of
 * them.
 */
export async function together<T extends readonly unknown[]>(
  statements: readonly [...{ [K in keyof T]: Promise<T[K]> }],
): Promise<T> {
  const results: unknown[] = [];
  for (const end of await Promise.allSettled(statements)) {
    if (end.status === "rejected") throw end.reason;
    results.push(end.value);
  }
  return results as unknown as T;
}
