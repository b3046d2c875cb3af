/** How often a submission that another replica works on is looked up, in milliseconds. */
const POLL_MS = 500;

/** Tells of every change of state that this process commits. Gives the function that ends it. */
export type ChangeFeed = (listener: (submissionId: string) => void) => () => void;

/**
 * Lets callers wait for changes of one submission: at once for what this process writes, within half a second
 * for what another replica writes.
 */
export class Changes {
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #unsubscribe: () => void;

  constructor(feed: ChangeFeed) {
    this.#unsubscribe = feed((id) => {
      for (const wake of this.#waiting.get(id) ?? []) wake();
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  /**
   * Looks a submission up now and after every change, until `look` gives something or `signal` aborts; then
   * gives that, or undefined. A change between two looks is never missed.
   */
  async until<T>(
    submissionId: string,
    look: () => Promise<T | undefined>,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    while (!signal.aborted) {
      const wake = Promise.withResolvers<void>();
      const listeners = this.#waiting.get(submissionId) ?? new Set();
      this.#waiting.set(submissionId, listeners.add(wake.resolve));
      signal.addEventListener("abort", wake.resolve as () => void, { once: true });
      let timer: NodeJS.Timeout | undefined;
      try {
        const found = await look();
        if (found !== undefined) return found;
        timer = setTimeout(wake.resolve, POLL_MS);
        await wake.promise;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake.resolve as () => void);
        listeners.delete(wake.resolve);
        if (listeners.size === 0) this.#waiting.delete(submissionId);
      }
    }
    return undefined;
  }
}
