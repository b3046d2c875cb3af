import type { Submission } from "../ledger/ledger.ts";

/** How often a submission that another replica works on is looked up, in milliseconds. */
const POLL_MS = 500;

/** Tells of every change of state that this process commits. Gives the function that ends it. */
export type ChangeFeed = (listener: (submissionId: string) => void) => () => void;

/** Reads a submission of a tenant's. */
export type ReadSubmission = (tenant: string, submissionId: string) => Promise<Submission | undefined>;

/**
 * Lets callers wait for changes of one submission: at once for what this process writes, within half a second
 * for what another replica writes. However many wait for the same submission, it is read once for all of them.
 */
export class Changes {
  readonly #read: ReadSubmission;
  readonly #waiting = new Map<string, Set<() => void>>();
  readonly #reading = new Map<string, Promise<Submission | undefined>>();
  readonly #unsubscribe: () => void;

  constructor(feed: ChangeFeed, read: ReadSubmission) {
    this.#read = read;
    this.#unsubscribe = feed((id) => {
      // A read that began before the change may have missed it.
      this.#reading.delete(id);
      for (const wake of this.#waiting.get(id) ?? []) wake();
    });
  }

  close(): void {
    this.#unsubscribe();
  }

  /**
   * Looks at a submission now and after every change, until `isEnough` or `signal` aborts; gives it then, or
   * undefined. A change between two looks is never missed. Rejects when the ledger does.
   */
  async until(
    { tenant, id }: Pick<Submission, "tenant" | "id">,
    isEnough: (submission: Submission) => boolean,
    signal: AbortSignal,
  ): Promise<Submission | undefined> {
    while (!signal.aborted) {
      const wake = Promise.withResolvers<void>();
      const listeners = this.#waiting.get(id) ?? new Set();
      this.#waiting.set(id, listeners.add(wake.resolve));
      const onAbort = () => wake.resolve();
      signal.addEventListener("abort", onAbort, { once: true });
      let timer: NodeJS.Timeout | undefined;
      try {
        const found = await this.#current(tenant, id);
        if (found !== undefined && isEnough(found)) return found;
        timer = setTimeout(wake.resolve, POLL_MS);
        await wake.promise;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        listeners.delete(wake.resolve);
        if (listeners.size === 0) this.#waiting.delete(id);
      }
    }
    return undefined;
  }

  /** Ids are unguessable and belong to one tenant, so a read under way serves everybody who has the id. */
  #current(tenant: string, id: string): Promise<Submission | undefined> {
    const underWay = this.#reading.get(id);
    if (underWay !== undefined) return underWay;
    const read = this.#read(tenant, id).finally(() => {
      if (this.#reading.get(id) === read) this.#reading.delete(id);
    });
    this.#reading.set(id, read);
    return read;
  }
}
