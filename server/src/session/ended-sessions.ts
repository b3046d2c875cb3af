import { setTimeout as delay } from "node:timers/promises";
import type { AppSessionStore } from "../ledger/app-session-types.ts";
import { LedgerUnavailableError } from "../ledger/errors.ts";

/** How often the ledger is asked, in milliseconds. */
const POLL_MS = 400;
/** An access token is refused this long after its session has ended, on every replica, in milliseconds. */
const MAX_AGE_MS = 2_000;
/** Sessions that one question brings. */
const PAGE = 1_000;
/** By how much replicas' clocks may differ, in milliseconds. */
const CLOCK_SKEW_MS = 300_000;

export interface EndedSessionsOptions {
  readonly store: Pick<AppSessionStore, "appSessionEndings" | "appSessionSequenceAt">;
  /** For how long a token may be good that was made when its session ended, in milliseconds. */
  readonly tokensLiveMs: number;
  readonly now: () => Date;
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number;
  /** Told when the ledger could not be asked. */
  readonly onFailed: (error: unknown) => void;
  /** Milliseconds; 400 by default. */
  readonly pollMs?: number;
}

/**
 * The sessions that have ended and whose access tokens may still be good, in memory: every call asks, and none waits for
 * the ledger. A commit is known here at the latest 2 seconds later, or nothing is known: then `has` throws.
 */
export class EndedSessions {
  readonly #options: EndedSessionsOptions;
  /** Until when each is remembered, in monotonic milliseconds; in the order in which they came. */
  readonly #ended = new Map<string, number>();
  #sequence: bigint;
  /** When the last question that was answered was asked: what was committed before is known. */
  #knownAt = Number.NEGATIVE_INFINITY;

  private constructor(options: EndedSessionsOptions, sequence: bigint) {
    this.#options = options;
    this.#sequence = sequence;
  }

  /** Reads what has ended of late; rejects when the ledger does. */
  static async open(options: EndedSessionsOptions): Promise<EndedSessions> {
    const { store, now, tokensLiveMs } = options;
    const since = new Date(now().getTime() - tokensLiveMs - CLOCK_SKEW_MS);
    const ended = new EndedSessions(options, await store.appSessionSequenceAt(since));
    await ended.refresh();
    return ended;
  }

  /** Follows the ledger until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { pollMs = POLL_MS, onFailed } = this.#options;
    while (!signal.aborted) {
      try {
        await this.refresh();
      } catch (error) {
        onFailed(error);
      }
      await delay(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Asks the ledger now. Rejects when it gives no answer. */
  async refresh(): Promise<void> {
    const { store, monotonicMs } = this.#options;
    const askedAt = monotonicMs();
    for (let more = true; more; ) {
      const { sequence, sessionIds } = await store.appSessionEndings(this.#sequence, PAGE);
      this.add(sessionIds);
      this.#sequence = sequence;
      more = sessionIds.length === PAGE;
    }
    this.#knownAt = askedAt;
    for (const [id, until] of this.#ended) {
      if (until > askedAt) break;
      this.#ended.delete(id);
    }
  }

  /** Whether the session has ended. Throws LEDGER_UNAVAILABLE when the ledger was not heard for 2 seconds. */
  has(sessionId: string): boolean {
    const age = this.#options.monotonicMs() - this.#knownAt;
    if (age > MAX_AGE_MS) {
      throw new LedgerUnavailableError(`ended sessions were last read ${Math.round(age)} ms ago`);
    }
    return this.#ended.has(sessionId);
  }

  /** Sessions that this process has ended count at once. */
  add(sessionIds: readonly string[]): void {
    const { monotonicMs, tokensLiveMs } = this.#options;
    // A token may have been made a moment after the commit.
    const until = monotonicMs() + tokensLiveMs + CLOCK_SKEW_MS;
    for (const id of sessionIds) {
      this.#ended.delete(id);
      this.#ended.set(id, until);
    }
  }
}
