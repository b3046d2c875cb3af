import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { MemoryRateLimiter } from "@countersign/server/shared-state/memory-rate-limiter.ts";
import type {
  Bucket,
  Rate,
  RateLimiter,
  RateVerdict,
} from "@countersign/server/shared-state/rate-limiter.ts";
import { RedisRateLimiter } from "@countersign/server/shared-state/redis-rate-limiter.ts";
import { Secret } from "@countersign/service-kit";
import { describe, expect, onTestFinished, test } from "vitest";
import { PATIENCE_MS, redisUrl } from "../support/redis.ts";

/** A limiter, and how time passes for it. */
interface Twin {
  readonly limiter: RateLimiter;
  pass(ms: number): Promise<unknown>;
}

function inMemory(): Twin {
  let now = 1_790_000_000_000;
  const limiter = new MemoryRateLimiter(() => now);
  const pass = async (ms: number) => {
    now += ms;
  };
  return { limiter, pass };
}

const inRedis = (): Twin => ({
  limiter: new RedisRateLimiter({ url: new Secret(redisUrl ?? ""), timeoutMs: PATIENCE_MS }),
  // A timer may be early by a millisecond, by the clock of another process.
  pass: (ms) => sleep(ms + 10),
});

/** A token takes so long that none flows in during a test. */
const PER_SECOND = 0.001;
const slowly = (burst: number): Rate => ({ perSecond: PER_SECOND, burst });

/** Of this test alone: Redis is shared. */
const fresh = (rate: Rate, name = "key"): Bucket => ({ name, key: randomBytes(8).toString("hex"), rate });

const allowed = (verdicts: readonly RateVerdict[]) =>
  verdicts.filter(({ refusal }) => refusal === undefined).length;

const atOnce = (n: number, take: () => Promise<RateVerdict>) => Promise.all(Array.from({ length: n }, take));

describe.each([
  { name: "memory", available: true, open: inMemory },
  { name: "redis", available: redisUrl !== undefined, open: inRedis },
])("token buckets in $name", ({ available, open }) => {
  const testHere = test.skipIf(!available);

  function opened(): Twin {
    const twin = open();
    onTestFinished(() => twin.limiter.close());
    return twin;
  }

  testHere.each([1, 17, 100])("allow a burst of %i and no more of 300 calls at once", async (burst) => {
    const { limiter } = opened();
    const bucket = fresh(slowly(burst));
    expect(allowed(await atOnce(300, () => limiter.take([bucket])))).toBe(burst);
  });

  testHere("refuse with the time until there is a token, and give it then", async () => {
    const { limiter, pass } = opened();
    const bucket = fresh({ perSecond: 8, burst: 2 });
    for (let i = 0; i < 5; i++) {
      let verdict = await limiter.take([bucket]);
      while (verdict.refusal === undefined) verdict = await limiter.take([bucket]);
      expect(verdict.refusal.name).toBe("key");
      expect(verdict.refusal.retryAfterMs).toBeGreaterThanOrEqual(1);
      expect(verdict.refusal.retryAfterMs).toBeLessThanOrEqual(125);
      await pass(verdict.refusal.retryAfterMs);
      expect((await limiter.take([bucket])).refusal).toBeUndefined();
    }
  });

  testHere("take from all buckets of a call, or from none", async () => {
    const { limiter } = opened();
    const wide = fresh(slowly(100), "ip");
    const narrow = fresh(slowly(3), "tenant");
    expect(allowed(await atOnce(50, () => limiter.take([wide, narrow])))).toBe(3);
    expect((await limiter.take([wide])).tightest.remaining).toBe(96);
    expect(allowed(await atOnce(50, () => limiter.take([narrow, wide])))).toBe(0);
    expect((await limiter.take([wide])).tightest.remaining).toBe(95);
  });

  testHere("tell of the bucket with the fewest tokens", async () => {
    const { limiter } = opened();
    const wide = fresh(slowly(50), "ip");
    const narrow = fresh(slowly(4), "user");
    const { refusal, tightest } = await limiter.take([wide, narrow]);
    expect(refusal).toBeUndefined();
    expect(tightest).toEqual({ name: "user", limit: 4, remaining: 3, resetMs: 1_000_000 });
  });

  testHere("name the empty bucket with the longest wait", async () => {
    const { limiter } = opened();
    const short = fresh({ perSecond: PER_SECOND, burst: 1 }, "ip");
    const long = fresh({ perSecond: PER_SECOND / 10, burst: 1 }, "tenant");
    await limiter.take([short, long]);
    const { refusal, tightest } = await limiter.take([long, short]);
    expect(refusal?.name).toBe("tenant");
    expect(refusal?.retryAfterMs).toBeGreaterThan(9_000_000);
    expect(refusal?.retryAfterMs).toBeLessThanOrEqual(10_000_000);
    expect(tightest).toMatchObject({ name: "tenant", limit: 1, remaining: 0 });
  });

  testHere("give several tokens at once, or none of them, and say when there are so many", async () => {
    const { limiter } = opened();
    const wide = fresh(slowly(10), "tenant");
    const narrow = fresh(slowly(5), "user");
    expect((await limiter.take([wide, narrow], 4)).tightest).toMatchObject({ name: "user", remaining: 1 });
    const { refusal } = await limiter.take([wide, narrow], 3);
    expect(refusal?.name).toBe("user");
    expect(refusal?.retryAfterMs).toBeGreaterThan(1_900_000);
    expect(refusal?.retryAfterMs).toBeLessThanOrEqual(2_000_000);
    expect((await limiter.take([wide], 6)).tightest.remaining).toBe(0);
    expect((await limiter.take([narrow])).refusal).toBeUndefined();
  });

  testHere("count each name and key on its own", async () => {
    const { limiter } = opened();
    const bucket = fresh(slowly(1), "ip");
    const others = [
      { ...bucket, name: "user" },
      { ...bucket, key: `${bucket.key} ` },
      { ...bucket, name: "", key: `ip${bucket.key}` },
      { ...bucket, key: `${bucket.key}{x}\r\n\0` },
      { ...bucket, key: `${bucket.key}${"x".repeat(100_000)}` },
    ];
    for (const one of [bucket, ...others]) {
      expect((await limiter.take([one])).refusal).toBeUndefined();
      expect((await limiter.take([one])).refusal?.name).toBe(one.name);
    }
  });

  testHere("keep what was taken when the rate is changed", async () => {
    const { limiter } = opened();
    const bucket = fresh(slowly(10));
    await atOnce(8, () => limiter.take([bucket]));
    const raised = await limiter.take([{ ...bucket, rate: slowly(20) }]);
    expect(raised.tightest).toMatchObject({ limit: 20, remaining: 11 });
    expect((await limiter.take([{ ...bucket, rate: slowly(5) }])).refusal?.retryAfterMs).toBeGreaterThan(
      4_000_000,
    );
  });
});

test("a bucket gives its rate in the long run, whatever the pace of the calls", async () => {
  for (const paceMs of [1, 7, 100, 199]) {
    const { limiter, pass } = inMemory();
    const bucket = fresh({ perSecond: 3, burst: 5 });
    let given = 0;
    for (let ms = 0; ms < 60_000; ms += paceMs) {
      given += allowed([await limiter.take([bucket])]);
      await pass(paceMs);
    }
    // A burst, and then 3 a second for a minute, of which the last may not have flowed in.
    expect(given).toBeLessThanOrEqual(5 + 180);
    expect(given).toBeGreaterThanOrEqual(5 + 178);
  }
});
