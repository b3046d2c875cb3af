import type { MemoryRateLimiter } from "./memory-rate-limiter.ts";
import type { Bucket, RateLimiter, RateVerdict } from "./rate-limiter.ts";

/** After a failure the shared limiter is left alone for this many milliseconds. */
const RETRY_MS = 500;

export interface FallbackOptions {
  /** Counts for all replicas. Its `take` may throw. */
  readonly shared: RateLimiter;
  /** Counts for this replica while the shared one fails. */
  readonly local: MemoryRateLimiter;
  /** Of every rate and burst, what this replica allows alone: above 0, at most 1. */
  readonly fraction: number;
  readonly now: () => number;
  /** Once when the shared limiter has failed. */
  readonly onDegraded: (error: unknown) => void;
  /** Once when it has answered again. */
  readonly onRestored: () => void;
}

/**
 * Bounds calls by the shared limiter, and while that fails by a fraction of the rates in this process: never
 * without a bound. Nobody waits for what is known to fail: one call at a time tries the shared limiter again.
 * The local buckets are kept, so that a shared limiter which comes and goes gives no new burst each time.
 */
export class FallbackRateLimiter implements RateLimiter {
  readonly #options: FallbackOptions;
  #degraded = false;
  #probing = false;
  #failedAt = 0;
  #closed = false;

  constructor(options: FallbackOptions) {
    this.#options = options;
  }

  async take(buckets: readonly [Bucket, ...Bucket[]], tokens = 1): Promise<RateVerdict> {
    const probe = this.#degraded;
    if (probe && (this.#probing || this.#hasJustFailed())) return this.#takeLocally(buckets, tokens);
    this.#probing = probe;
    try {
      const verdict = await this.#options.shared.take(buckets, tokens);
      if (probe) this.#restore();
      return verdict;
    } catch (error) {
      this.#degrade(error);
      return this.#takeLocally(buckets, tokens);
    } finally {
      if (probe) this.#probing = false;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([this.#options.shared.close(), this.#options.local.close()]);
  }

  #takeLocally([first, ...rest]: readonly [Bucket, ...Bucket[]], tokens: number): Promise<RateVerdict> {
    const own = rest.map((bucket) => this.#share(bucket));
    return this.#options.local.take([this.#share(first), ...own], tokens);
  }

  #share(bucket: Bucket): Bucket {
    const { fraction } = this.#options;
    const { perSecond, burst } = bucket.rate;
    return {
      ...bucket,
      rate: { perSecond: perSecond * fraction, burst: Math.max(1, Math.floor(burst * fraction)) },
    };
  }

  /** A clock that went back must not make the pause longer. */
  #hasJustFailed(): boolean {
    const since = this.#options.now() - this.#failedAt;
    return since >= 0 && since < RETRY_MS;
  }

  #degrade(error: unknown): void {
    this.#failedAt = this.#options.now();
    if (this.#degraded || this.#closed) return;
    this.#degraded = true;
    this.#options.onDegraded(error);
  }

  #restore(): void {
    this.#degraded = false;
    this.#options.onRestored();
  }
}
