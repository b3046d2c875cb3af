import { createHash } from "node:crypto";
import { MemoryRateLimiter } from "@countersign/server/shared-state/memory-rate-limiter.ts";
import type { Bucket, RateLimiter, RateVerdict } from "@countersign/server/shared-state/rate-limiter.ts";
import type { Bindings } from "../bindings.ts";

export interface ShardedRateLimiterOptions {
  readonly shards: Bindings["LIMITS"];
  /** Unix milliseconds. */
  readonly now: () => number;
  /** Told of each call that a shard could not be asked about. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Counts in Durable Objects, of which each has a share of the addresses, of the tenants and of the lock keys: 256 shards.
 * The buckets of a call go to the shard of the first one, so that all or none of them give a token; they always come
 * together. While a shard cannot be asked, calls are counted here, by the same rates.
 */
export class ShardedRateLimiter implements RateLimiter {
  readonly #options: ShardedRateLimiterOptions;
  readonly #local: MemoryRateLimiter;

  constructor(options: ShardedRateLimiterOptions) {
    this.#options = options;
    this.#local = new MemoryRateLimiter(options.now);
  }

  async take(buckets: readonly [Bucket, ...Bucket[]], tokens?: number): Promise<RateVerdict> {
    const { shards, onFailed } = this.#options;
    try {
      return await shards.get(shards.idFromName(shardOf(buckets[0]))).take(buckets, tokens);
    } catch (error) {
      onFailed(error);
      return this.#local.take(buckets, tokens);
    }
  }

  async close(): Promise<void> {
    await this.#local.close();
  }
}

function shardOf({ key }: Bucket): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 2);
}
