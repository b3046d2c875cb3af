/** How many failures in a row take a relay out. */
const DOWN_AFTER = 3;

/** For how long it is left alone then, in milliseconds. */
export const DOWN_MS = 30_000;

/**
 * Whether a relay is asked. After three failures in a row it is left alone for 30 s, and then asked with one call at a time
 * until one is answered.
 */
export class RelayBreaker {
  readonly #now: () => number;
  #failures = 0;
  /** When it may be tried again; undefined while it is up. */
  #retryAt: number | undefined;
  #isProbed = false;

  /** @param now milliseconds since some fixed moment */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** "probe" for a relay that was down and may be tried with one call. */
  get state(): "up" | "down" | "probe" {
    if (this.#retryAt === undefined) return "up";
    return this.#isProbed || this.#now() < this.#retryAt ? "down" : "probe";
  }

  /** Begins a call, unless the relay is down: false. Every call that began ends with one of the three below. */
  enter(): boolean {
    const { state } = this;
    if (state === "probe") this.#isProbed = true;
    return state !== "down";
  }

  /** It answered. True when it was down. */
  answered(): boolean {
    const wasDown = this.#retryAt !== undefined;
    this.#failures = 0;
    this.#retryAt = undefined;
    this.#isProbed = false;
    return wasDown;
  }

  /** It failed. True when it is down from now on, or for longer. */
  failed(): boolean {
    this.#isProbed = false;
    this.#failures++;
    // A call that began before the relay was down tells nothing new.
    const isDown = this.state === "down";
    if (isDown || this.#failures < DOWN_AFTER) return false;
    this.#retryAt = this.#now() + DOWN_MS;
    return true;
  }

  /** The call was given up: it tells nothing of the relay. */
  left(): void {
    this.#isProbed = false;
  }
}
