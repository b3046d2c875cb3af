import { z } from "zod";

/** A token bucket with these defaults. */
function rate(perSecond: number, burst: number) {
  return z
    .strictObject({
      // Of less, the shared state could not compute when a token is there.
      per_second: z.number().min(0.0001).max(100_000).default(perSecond),
      burst: z.int().min(1).max(1_000_000).default(burst),
    })
    .prefault({});
}

/** How often callers may call. A tenant's own limits come before the defaults here. */
export const ratesSection = z
  .strictObject({
    // A call of 64 delegates, the most that one may hold, fits.
    ip: rate(20, 64),
    failed_auth: rate(1, 10),
    tenant: rate(200, 400),
    key: rate(100, 200),
    user: rate(5, 20),
    method: rate(500, 1000),
    sign_in: rate(1, 20),
    sign_in_begin: rate(2, 40),
    sign_in_tenant: rate(50, 500),
    lock: rate(2, 30),
    lock_tenant: rate(50, 500),
    lock_key_alarm: rate(100, 1000),
    redis_down_fraction: z.number().gt(0).max(1).default(0.25),
  })
  .prefault({});
