import { frameError } from "../embedded-wallet-error.ts";
import { MAX_PENDING } from "../protocol.ts";

/** Times that a user declines, one after the other, until they are not asked what waits already. */
const MAX_DECLINED = 3;

interface Asked {
  pending: number;
  declined: number;
  /** Aborts what waits for its turn. */
  waiting: AbortController;
}

/** How much an origin may ask of its user, through all of its ports together. */
export class Patience {
  readonly #asked = new Map<string, Asked>();

  /** Counts a request until what it gives is called, once. Throws TOO_MANY_REQUESTS. */
  begin(origin: string): () => void {
    const asked = this.#of(origin);
    if (asked.pending >= MAX_PENDING) {
      throw frameError("TOO_MANY_REQUESTS", `${MAX_PENDING} requests wait already`);
    }
    asked.pending += 1;
    return () => {
      asked.pending -= 1;
    };
  }

  /** Aborts with DECLINED when the user will not be asked what waits now. */
  waiting(origin: string): AbortSignal {
    return this.#of(origin).waiting.signal;
  }

  agreed(origin: string): void {
    this.#of(origin).declined = 0;
  }

  declined(origin: string): void {
    const asked = this.#of(origin);
    asked.declined += 1;
    if (asked.declined < MAX_DECLINED) return;
    asked.waiting.abort(frameError("DECLINED", "the user declined several requests in a row"));
    asked.waiting = new AbortController();
  }

  /** Only of origins that are served, so there are few. */
  #of(origin: string): Asked {
    const known = this.#asked.get(origin) ?? { pending: 0, declined: 0, waiting: new AbortController() };
    this.#asked.set(origin, known);
    return known;
  }
}
