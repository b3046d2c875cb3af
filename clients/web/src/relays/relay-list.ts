import { Code } from "@connectrpc/connect";
import type { Clock } from "../clock.ts";
import { CountersignError, errorOf } from "../countersign-error.ts";
import { cancelled } from "../wallet/app-session.ts";
import type { TextStore } from "../wallet/text-store.ts";
import type { WalletEvent } from "../wallet/wallet-events.ts";
import type { Relay } from "./relay.ts";
import { DOWN_MS, RelayBreaker } from "./relay-breaker.ts";
import { isRelayFailure } from "./relay-failure.ts";

/** One way to an answer. */
export interface Attempt<T> {
  readonly relay: Relay;
  /** Asks the relay through `RelayList.ask`. */
  readonly make: (signal: AbortSignal) => Promise<T>;
}

export interface RelayListParts {
  readonly relays: readonly Relay[];
  /** Remembers, under `name`, the relay that answered last. */
  readonly store: TextStore;
  readonly name: string;
  /** After how many milliseconds without an answer the next relay is asked as well; never if absent. */
  readonly hedgeAfterMs?: number | undefined;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly wallTime: () => number;
  readonly tell: (event: WalletEvent) => void;
}

/** The relays of a federation: which is asked first, and which is left alone. */
export class RelayList {
  readonly #parts: RelayListParts;
  readonly #breakers: ReadonlyMap<string, RelayBreaker>;

  constructor(parts: RelayListParts) {
    this.#parts = parts;
    const now = () => parts.clock.now();
    this.#breakers = new Map(parts.relays.map(({ origin }) => [origin, new RelayBreaker(now)]));
  }

  /**
   * In the order in which they are asked: the one that answered last, then as they are configured; those that were down
   * after all others. Without those that are down.
   */
  inOrder(): Relay[] {
    const { relays, store, name } = this.#parts;
    const last = store.getItem(name);
    const rank = ({ origin }: Relay) => {
      if (this.#breaker(origin).state === "probe") return 2;
      return origin === last ? 0 : 1;
    };
    return relays
      .filter(({ origin }) => this.#breaker(origin).state !== "down")
      .sort((a, b) => rank(a) - rank(b));
  }

  /**
   * The first attempt that is answered; its relay is asked first from now on. The next begins when one was refused or
   * failed, or after `hedgeAfterMs`; a relay that failed is not asked again. When one is answered, the others are aborted.
   * Throws the last error, CANCELED when the signal aborts, and UNAVAILABLE when there was nobody to ask.
   */
  async first<T>(
    attempts: readonly Attempt<T>[],
    signal: AbortSignal | undefined,
  ): Promise<{ readonly relay: Relay; readonly answer: T }> {
    const { hedgeAfterMs, clock } = this.#parts;
    const over = new AbortController();
    const all = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
    const failed = new Set<Relay>();
    const running = new Set<Promise<{ relay: Relay; answer: T } | undefined>>();
    let lastError = nobody();
    const begin = ({ relay, make }: Attempt<T>) => {
      const attempt = make(all)
        .then((answer) => ({ relay, answer }))
        .catch((thrown) => {
          lastError = errorOf(thrown);
          if (isRelayFailure(lastError)) failed.add(relay);
          return undefined;
        })
        .finally(() => running.delete(attempt));
      running.add(attempt);
    };
    try {
      const left = [...attempts];
      for (;;) {
        if (signal?.aborted) throw cancelled(signal);
        const next = left.shift();
        if (next === undefined && running.size === 0) throw lastError;
        if (next !== undefined) {
          if (failed.has(next.relay)) continue;
          begin(next);
        }
        const hedging = new AbortController();
        const events: Promise<{ relay: Relay; answer: T } | undefined>[] = [...running];
        if (hedgeAfterMs !== undefined && left.length > 0) {
          const waited = clock.wait(hedgeAfterMs, AbortSignal.any([all, hedging.signal]));
          events.push(waited.then(nothing, nothing));
        }
        const won = await Promise.race(events).finally(() => hedging.abort());
        if (won === undefined) continue;
        this.#remember(won.relay);
        return won;
      }
    } finally {
      over.abort();
    }
  }

  /** Asks one relay, and counts whether it answers. Throws CountersignError; UNAVAILABLE for one that is down. */
  async ask<T>(
    { origin, baseUrl }: Relay,
    act: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const { tell, wallTime } = this.#parts;
    const breaker = this.#breaker(origin);
    if (!breaker.enter()) throw nobody();
    try {
      const answer = await act(signal);
      if (breaker.answered()) tell({ type: "relay-up", relay: baseUrl });
      return answer;
    } catch (thrown) {
      const error = errorOf(thrown);
      if (signal.aborted) breaker.left();
      else if (!isRelayFailure(error)) {
        if (breaker.answered()) tell({ type: "relay-up", relay: baseUrl });
      } else if (breaker.failed()) {
        tell({ type: "relay-down", relay: baseUrl, error, retryAt: wallTime() + DOWN_MS });
      }
      throw error;
    }
  }

  #remember({ origin }: Relay): void {
    const { store, name } = this.#parts;
    try {
      store.setItem(name, origin);
    } catch {
      // A store that is full: what was answered counts, and the next page asks in another order.
    }
  }

  #breaker(origin: string): RelayBreaker {
    const breaker = this.#breakers.get(origin);
    if (breaker === undefined) throw new Error("the relay is none of the list");
    return breaker;
  }
}

function nothing(): undefined {}

function nobody(): CountersignError {
  return new CountersignError("no relay can be asked now", { reason: "UNSPECIFIED", code: Code.Unavailable });
}
