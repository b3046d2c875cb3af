import type { SessionThread } from "./session-thread.ts";
import { TokenFailure } from "./token-failure.ts";

/** Calls given to a thread at a time: it need not wait for the event loop between two, and few messages carry them. */
const CALLS_PER_THREAD = 16;
/** Calls that wait for a thread. A signing call of the contract has at most 64. */
const MAX_QUEUED = 8_192;

interface Queued {
  readonly start: () => void;
  readonly reject: (error: TokenFailure) => void;
}

/** Shares calls out to the threads of one connection, and keeps those that find none free in a queue. */
export class SessionPool {
  readonly #threads: readonly SessionThread[];
  readonly #queue: Queued[] = [];
  readonly #running = new Set<Promise<unknown>>();
  #stopped: TokenFailure | undefined;

  constructor(threads: readonly SessionThread[]) {
    this.#threads = threads;
  }

  /** Runs a call on the thread that has the least to do. Throws a TokenFailure if too many wait already. */
  run<T>(call: (thread: SessionThread) => Promise<T>): Promise<T> {
    if (this.#stopped !== undefined) return Promise.reject(this.#stopped);
    const thread = this.#freeThread();
    if (thread !== undefined) return this.#start(thread, call);
    if (!this.#threads.some((t) => t.isUsable)) {
      return Promise.reject(new TokenFailure("lost", "no session's thread runs any more"));
    }
    if (this.#queue.length >= MAX_QUEUED) {
      return Promise.reject(new TokenFailure("busy", "too many calls wait for the token"));
    }
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#queue.push({ start: () => resolve(this.run(call)), reject });
    return promise;
  }

  /** Refuses all calls from now on, with those that wait; those that run end by themselves. */
  stop(reason: TokenFailure): void {
    this.#stopped = reason;
    for (const { reject } of this.#queue.splice(0)) reject(reason);
  }

  /** Resolves when no call runs; each ends within the threads' time limit. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#running]);
  }

  #freeThread(): SessionThread | undefined {
    let least: SessionThread | undefined;
    for (const thread of this.#threads) {
      if (thread.isUsable && thread.outstanding < (least?.outstanding ?? CALLS_PER_THREAD)) least = thread;
    }
    return least;
  }

  async #start<T>(thread: SessionThread, call: (thread: SessionThread) => Promise<T>): Promise<T> {
    const running = call(thread);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
      this.#queue.shift()?.start();
    }
  }
}
