import type { Bucket, BucketLevel } from "../shared-state/rate-limiter.ts";

/**
 * Names the buckets that a call takes from, and how the tightest stand, in the fields RateLimit-Policy and RateLimit
 * of draft-ietf-httpapi-ratelimit-headers-10: `"tenant";q=100;w=10` is 100 calls at once, whole again after 10
 * seconds; `"tenant";r=42;t=6` is 42 left, whole again in 6 seconds.
 */
export function setRateHeaders(
  headers: Headers,
  buckets: readonly Bucket[],
  tightest: readonly BucketLevel[],
): void {
  const policies = buckets.map(({ name, rate: { burst, perSecond } }) => {
    return `"${name}";q=${burst};w=${Math.max(1, Math.ceil(burst / perSecond))}`;
  });
  const levels = tightest.map(({ name, remaining, resetMs }) => {
    return `"${name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`;
  });
  headers.set("RateLimit-Policy", policies.join(", "));
  headers.set("RateLimit", levels.join(", "));
}
