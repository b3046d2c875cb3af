/** Answers that are remembered. */
const REMEMBERED = 64;
/** Weight of the newest answer in the mean. */
const NEWEST = 0.2;
/** Share of the answers that come in time. */
const IN_TIME = 0.95;
/** Fewer answers say nothing about what is late. */
const ENOUGH = 10;
/** What "late" is at least and at most, and while nothing is known, in milliseconds. */
const MIN_LATE_MS = 50;
const MAX_LATE_MS = 1_000;

/** How long one endpoint took to answer lately, in milliseconds. */
export class Latencies {
  readonly #recent: number[] = [];
  #next = 0;
  #mean: number | undefined;
  #late: number | undefined;

  add(ms: number): void {
    this.#mean = this.#mean === undefined ? ms : this.#mean + NEWEST * (ms - this.#mean);
    this.#recent[this.#next] = ms;
    this.#next = (this.#next + 1) % REMEMBERED;
    this.#late = undefined;
  }

  /** A moving mean; undefined before the first answer. */
  get meanMs(): number | undefined {
    return this.#mean;
  }

  /** After how long an answer is late: longer than 95 of 100 took, and within bounds. */
  get lateMs(): number {
    this.#late ??= this.#percentile();
    return this.#late;
  }

  #percentile(): number {
    if (this.#recent.length < ENOUGH) return MAX_LATE_MS;
    const sorted = this.#recent.toSorted((a, b) => a - b);
    const ms = sorted[Math.floor(sorted.length * IN_TIME)] ?? MAX_LATE_MS;
    return Math.min(MAX_LATE_MS, Math.max(MIN_LATE_MS, ms));
  }
}
