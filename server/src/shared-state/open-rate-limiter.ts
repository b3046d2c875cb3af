import { FallbackRateLimiter } from "./fallback-rate-limiter.ts";
import { MemoryRateLimiter } from "./memory-rate-limiter.ts";
import type { RateLimiter } from "./rate-limiter.ts";
import type { RedisSettings } from "./redis-connection.ts";

export interface RateLimiterOptions {
  /** Without it, limits are this process's own. */
  readonly redis?: RedisSettings | undefined;
  /** Of every rate, what a replica allows alone while Redis does not answer: above 0, at most 1. */
  readonly fallbackFraction: number;
  readonly now: () => number;
  /** Once when Redis has stopped answering. The error holds no secret. */
  readonly onDegraded: (error: unknown) => void;
  /** Once when it answers again. */
  readonly onRestored: () => void;
}

/** Opens the rate limiter that the configuration asks for. Redis need not be there yet. */
export async function openRateLimiter(options: RateLimiterOptions): Promise<RateLimiter> {
  const { redis, fallbackFraction: fraction, now, onDegraded, onRestored } = options;
  const local = new MemoryRateLimiter(now);
  if (redis === undefined) return local;
  const { RedisRateLimiter } = await import("./redis-rate-limiter.ts");
  const shared = new RedisRateLimiter(redis);
  return new FallbackRateLimiter({ shared, local, fraction, now, onDegraded, onRestored });
}
