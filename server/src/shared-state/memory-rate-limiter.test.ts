import { describe, expect, it } from "vitest";
import { MemoryRateLimiter } from "./memory-rate-limiter.ts";
import type { Bucket, Rate } from "./rate-limiter.ts";

const ip = (key: string, rate: Rate): Bucket => ({ name: "ip", key, rate });
const slowly = (burst: number): Rate => ({ perSecond: 0.001, burst });

/** A limiter whose time stands still until it is moved. */
function limiterOf(maxBuckets?: number) {
  const clock = { now: 1_790_000_000_000 };
  const limiter = new MemoryRateLimiter(() => clock.now, maxBuckets);
  const allowed = async (calls: number, bucket: Bucket) => {
    let count = 0;
    for (let i = 0; i < calls; i++) if ((await limiter.take([bucket])).refusal === undefined) count++;
    return count;
  };
  return { limiter, clock, allowed };
}

describe("rate limits in memory", () => {
  it("remember no more buckets than they may, whatever number is called for", async () => {
    const { limiter, allowed } = limiterOf(100);
    const addresses = Array.from({ length: 5_000 }, (_, i) => ip(`${i}`, slowly(10)));
    for (const address of addresses) await allowed(1, address);
    let remembered = 0;
    for (const address of addresses) {
      if ((await limiter.take([address])).tightest.remaining === 8) remembered++;
    }
    expect(remembered).toBeLessThanOrEqual(100);
  });

  it("keep a drained bucket drained while thousands of others are called for", async () => {
    const { allowed } = limiterOf(100);
    const attacker = ip("attacker", slowly(10));
    expect(await allowed(20, attacker)).toBe(10);
    for (let i = 0; i < 5_000; i++) await allowed(1, ip(`${i}`, slowly(10)));
    expect(await allowed(20, attacker)).toBe(0);
  });

  it("forget a bucket once it is full, before any other", async () => {
    const { limiter, clock, allowed } = limiterOf(100);
    for (let i = 0; i < 90; i++) await allowed(1, ip(`fast ${i}`, { perSecond: 10, burst: 10 }));
    clock.now += 100;
    const slow = Array.from({ length: 100 }, (_, i) => ip(`slow ${i}`, slowly(10)));
    for (const bucket of slow) await allowed(1, bucket);
    for (const bucket of slow) expect((await limiter.take([bucket])).tightest.remaining).toBe(8);
  });

  it("lose no part of a token at a high rate", async () => {
    const { allowed } = limiterOf();
    expect(await allowed(12_000, ip("busy", { perSecond: 10_000, burst: 10_000 }))).toBe(10_000);
  });

  it("give what flows in to the millisecond, and no more than the burst", async () => {
    const { clock, allowed } = limiterOf();
    const bucket = ip("a", { perSecond: 3, burst: 5 });
    expect(await allowed(9, bucket)).toBe(5);
    clock.now += 333;
    expect(await allowed(9, bucket)).toBe(0);
    clock.now += 1;
    expect(await allowed(9, bucket)).toBe(1);
    clock.now += 1_000_000;
    expect(await allowed(9, bucket)).toBe(5);
  });

  it("refill nothing by a clock that goes back, and are not held empty by one that was ahead", async () => {
    const { clock, allowed } = limiterOf();
    const bucket = ip("a", { perSecond: 1, burst: 5 });
    clock.now += 3_600_000;
    expect(await allowed(9, bucket)).toBe(5);
    clock.now -= 3_600_000;
    expect(await allowed(9, bucket)).toBe(0);
    clock.now += 2_000;
    expect(await allowed(9, bucket)).toBe(2);
  });
});
