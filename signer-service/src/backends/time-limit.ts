/**
 * Settles like `work`, unless `limitMs` milliseconds pass or `signal` aborts first: then it rejects at once, even
 * if `work` does not listen to the signal that it is given.
 */
export async function withinTime<T>(
  limitMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = AbortSignal.timeout(limitMs);
  const ending = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  ending.throwIfAborted();
  const ended = Promise.withResolvers<never>();
  const end = () => ended.reject(ending.reason);
  ending.addEventListener("abort", end, { once: true });
  try {
    return await Promise.race([work(ending), ended.promise]);
  } finally {
    ending.removeEventListener("abort", end);
  }
}
