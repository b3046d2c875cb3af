/** Time and chance, as the client uses them. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** From 0 up to, not including, 1. */
  random(): number;
  /** Resolves after `ms`. Rejects with the signal's reason as soon as it aborts. */
  wait(ms: number, signal: AbortSignal | undefined): Promise<void>;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.now(),
  random: () => Math.random(),
  wait: (ms, signal) => {
    let timer: ReturnType<typeof setTimeout>;
    const passed = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    return unlessAborted(passed, signal).finally(() => clearTimeout(timer));
  },
};

/** Settles like `promise`, unless `signal` aborts first: then it rejects with the signal's reason. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    promise.then(resolve, reject).finally(() => signal?.removeEventListener("abort", abort));
  });
}
