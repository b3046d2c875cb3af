/**
 * Does something under a signal that aborts with the first of two. Unlike AbortSignal.any's, which is registered for the
 * collector until it next collects everything, this one lets go of both when it is done.
 */
export async function underEither<T>(
  one: AbortSignal,
  other: AbortSignal,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController();
  const both = [one, other];
  const abort = () => either.abort(both.find(({ aborted }) => aborted)?.reason);
  if (one.aborted || other.aborted) abort();
  for (const signal of both) signal.addEventListener("abort", abort, { once: true });
  try {
    return await body(either.signal);
  } finally {
    for (const signal of both) signal.removeEventListener("abort", abort);
  }
}
