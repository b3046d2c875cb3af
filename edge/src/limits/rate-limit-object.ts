import { DurableObject } from "cloudflare:workers";
import { MemoryRateLimiter } from "@countersign/server/shared-state/memory-rate-limiter.ts";
import type { Bucket, RateVerdict } from "@countersign/server/shared-state/rate-limiter.ts";

/** The token buckets of one shard. In memory: what is forgotten with the object costs nothing but full buckets. */
export class RateLimitObject extends DurableObject {
  readonly #limiter = new MemoryRateLimiter(Date.now);

  take(buckets: readonly [Bucket, ...Bucket[]], tokens?: number): Promise<RateVerdict> {
    return this.#limiter.take(buckets, tokens);
  }
}
