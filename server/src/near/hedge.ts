import { ChainError } from "./chain-error.ts";

/** One question to one endpoint; ends when its signal aborts. */
type Question<T> = (signal: AbortSignal) => Promise<T>;

export interface HedgeOptions<T> {
  readonly first: Question<T>;
  /** Asked for once the first question is late; undefined for no second one. */
  readonly second: () => Question<T> | undefined;
  /** When the first question is late, in milliseconds. */
  readonly afterMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks a second time elsewhere when an answer is late. The first answer counts, a negative one too, and the other question
 * is ended. Throws the last of two transient failures.
 */
export async function hedged<T>({ first, second, afterMs, signal }: HedgeOptions<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const ending = new AbortController();
  const onAbort = () => ending.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  let underWay = 0;
  const ask = (question: Question<T>) => {
    underWay += 1;
    question(ending.signal).then(resolve, (error: unknown) => {
      underWay -= 1;
      const isAnswer = !(error instanceof ChainError) || !error.transient;
      if (isAnswer || underWay === 0) reject(error);
    });
  };
  ask(first);
  const timer = setTimeout(() => {
    const question = second();
    if (question !== undefined) ask(question);
  }, afterMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
    ending.abort(new Error("answered elsewhere"));
  }
}

/** Share of the reads that may be asked twice, in the long run, */
const SHARE = 0.1;
/** and how many may be at once, after many that needed it not. */
const MOST_SAVED = 10;

/** Bounds what hedging adds: when a whole chain is slow, asking twice would only make it slower. */
export class HedgeBudget {
  #saved = MOST_SAVED;

  /** A read begins. */
  earn(): void {
    this.#saved = Math.min(MOST_SAVED, this.#saved + SHARE);
  }

  /** Takes what one second question costs; false when there is not enough. */
  spend(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}
