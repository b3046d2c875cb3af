/** CLOSED: calls pass. OPEN: they go elsewhere for a while. HALF_OPEN: one call at a time may find out whether it is well. */
export type BreakerState = "CLOSED" | "OPEN" | "HALF_OPEN";

/** Failures in a row that open it. */
const FAILURES_TO_OPEN = 3;
/** How long it stays open the first time, and at most, in milliseconds; twice as long after each probe that fails. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

export interface CircuitBreakerOptions {
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** A number in [0, 1), for jitter: replicas do not probe a node that comes back at the same moment. */
  readonly random: () => number;
  readonly onChange: (to: "CLOSED" | "OPEN") => void;
}

/**
 * Keeps calls away from what fails again and again. It forbids nothing: where there is no other choice, a call may go
 * there all the same, and counts as any other.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failures = 0;
  /** How often it opened since it was closed last. */
  #openings = 0;
  #openUntil: number | undefined;
  #probing = false;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  get state(): BreakerState {
    if (this.#openUntil === undefined) return "CLOSED";
    return this.#options.now() < this.#openUntil ? "OPEN" : "HALF_OPEN";
  }

  /** Whether a call may go there now: always, or as the one that finds out. */
  get admits(): boolean {
    const { state } = this;
    return state === "CLOSED" || (state === "HALF_OPEN" && !this.#probing);
  }

  /** A call begins; exactly one of the three below tells how it ended. */
  begin(): void {
    if (this.state === "HALF_OPEN") this.#probing = true;
  }

  succeeded(): void {
    const wasOpen = this.#openUntil !== undefined;
    this.#failures = 0;
    this.#openings = 0;
    this.#openUntil = undefined;
    this.#probing = false;
    if (wasOpen) this.#options.onChange("CLOSED");
  }

  failed(): void {
    const { state } = this;
    this.#probing = false;
    this.#failures += 1;
    // What began before it opened says nothing new.
    if (state === "OPEN" || (state === "CLOSED" && this.#failures < FAILURES_TO_OPEN)) return;
    const { now, random, onChange } = this.#options;
    const pause = Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#openings);
    this.#openings += 1;
    this.#openUntil = now() + pause * (0.5 + random() / 2);
    if (state === "CLOSED") onChange("OPEN");
  }

  /** The call ended and says nothing about what it asked: its caller gave up, for example. */
  abandoned(): void {
    this.#probing = false;
  }
}
