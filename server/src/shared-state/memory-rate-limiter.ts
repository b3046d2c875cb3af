import { bucketId } from "./bucket-id.ts";
import type { Bucket, RateLimiter, RateVerdict } from "./rate-limiter.ts";
import { type BucketState, hasTokens, missingAt, refillMs, verdict } from "./token-bucket.ts";

/** About 15 MB. */
const MAX_BUCKETS = 100_000;
/** Fewer are not worth a look for full ones. */
const FEW_BUCKETS = 1_024;

interface StoredState extends BucketState {
  /** When the bucket is full again, in Unix milliseconds. From then on it need not be stored. */
  readonly fullAt: number;
}

/**
 * Token buckets in this process: the twin of RedisRateLimiter. Memory is bounded whatever callers send: full
 * buckets are forgotten, and above `maxBuckets` those that are full again soonest, so that a drained bucket
 * cannot be refilled by calls for many others.
 */
export class MemoryRateLimiter implements RateLimiter {
  readonly #now: () => number;
  readonly #maxBuckets: number;
  readonly #states = new Map<string, StoredState>();
  #tidyAbove: number;

  constructor(now: () => number, maxBuckets = MAX_BUCKETS) {
    this.#now = now;
    this.#maxBuckets = maxBuckets;
    this.#tidyAbove = Math.min(FEW_BUCKETS, maxBuckets);
  }

  async take(buckets: readonly [Bucket, ...Bucket[]], tokens = 1): Promise<RateVerdict> {
    const now = this.#now();
    const counted = buckets.map((bucket) => {
      const id = bucketId(bucket);
      const { rate } = bucket;
      return { id, rate, missing: missingAt(this.#states.get(id), rate, now) };
    });
    const allowed = counted.every(({ missing, rate }) => hasTokens(missing, rate, tokens));
    if (allowed) for (const bucket of counted) bucket.missing += tokens;
    for (const { id, rate, missing } of counted) {
      // Stored when refused too: a clock that was ahead for a while must not hold a bucket empty.
      if (missing > 0) this.#states.set(id, { missing, at: now, fullAt: now + refillMs(missing, rate) });
    }
    if (this.#states.size > this.#tidyAbove) this.#tidy(now);
    return verdict(
      buckets,
      counted.map(({ missing }) => missing),
      allowed,
      tokens,
    );
  }

  async close(): Promise<void> {
    this.#states.clear();
  }

  /** Costs a look at every bucket, so it waits until their number has doubled. */
  #tidy(now: number): void {
    this.#forget(now);
    if (this.#states.size > this.#maxBuckets) {
      const times = Float64Array.from(this.#states.values(), ({ fullAt }) => fullAt).sort();
      // A tenth more than needed, so that not every new bucket pays for the look.
      const excess = times.length - Math.ceil(this.#maxBuckets * 0.9);
      this.#forget(times[excess - 1] ?? now);
    }
    this.#tidyAbove = Math.min(Math.max(FEW_BUCKETS, this.#states.size * 2), this.#maxBuckets);
  }

  #forget(fullUntil: number): void {
    for (const [id, { fullAt }] of this.#states) if (fullAt <= fullUntil) this.#states.delete(id);
  }
}
