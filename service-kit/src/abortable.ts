/** Settles like `promise`, unless `signal` aborts first: then it rejects with the signal's reason. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    // The promise is also watched after an abort, so that its late failure is not an unhandled rejection.
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/**
 * Yields like `source`, unless `signal` aborts: then it throws the signal's reason at once, even while the
 * source is busy, and lets the source know by `return`. `finished` runs once, however it ends.
 */
export async function* abortableIterable<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal,
  finished?: () => void,
): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  let drained = false;
  try {
    for (;;) {
      const item = await abortable(iterator.next(), signal);
      if (item.done === true) {
        drained = true;
        return;
      }
      yield item.value;
    }
  } finally {
    finished?.();
    // Not awaited: a source that is stuck would answer its `return` only when it gets unstuck.
    if (!drained) iterator.return?.().catch(() => undefined);
  }
}
