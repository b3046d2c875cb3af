import { describe, expect, it } from "vitest";
import { FallbackRateLimiter } from "./fallback-rate-limiter.ts";
import { MemoryRateLimiter } from "./memory-rate-limiter.ts";
import type { Bucket, RateLimiter, RateVerdict } from "./rate-limiter.ts";

const BUCKET: Bucket = { name: "ip", key: "a", rate: { perSecond: 0.001, burst: 100 } };
const OPEN: RateVerdict = {
  refusal: undefined,
  tightest: { name: "ip", limit: 100, remaining: 99, resetMs: 1 },
};

/** A shared limiter whose answers the test gives by hand, so that the order of tries can be seen. */
function fallbackOver() {
  const clock = { now: 1_790_000_000_000 };
  const tries: PromiseWithResolvers<RateVerdict>[] = [];
  const changes: string[] = [];
  const shared: RateLimiter = {
    take: () => {
      const answer = Promise.withResolvers<RateVerdict>();
      tries.push(answer);
      return answer.promise;
    },
    close: async () => {},
  };
  const limiter = new FallbackRateLimiter({
    shared,
    local: new MemoryRateLimiter(() => clock.now),
    fraction: 0.5,
    now: () => clock.now,
    onDegraded: (error) => changes.push(`degraded: ${error}`),
    onRestored: () => changes.push("restored"),
  });
  const fail = async (reason: string) => {
    const taken = limiter.take([BUCKET]);
    tries.at(-1)?.reject(reason);
    return taken;
  };
  return { limiter, clock, tries, changes, fail };
}

describe("the fallback", () => {
  it("leaves the shared limiter alone for half a second after each failure", async () => {
    const { limiter, clock, tries, fail } = fallbackOver();
    expect((await fail("down")).tightest.limit).toBe(50);
    for (let round = 1; round <= 3; round++) {
      clock.now += 499;
      for (let i = 0; i < 5; i++) await limiter.take([BUCKET]);
      expect(tries).toHaveLength(round);
      clock.now += 1;
      await fail("still down");
      expect(tries).toHaveLength(round + 1);
    }
  });

  it("lets one call try, while the others do not wait for it", async () => {
    const { limiter, clock, tries, changes, fail } = fallbackOver();
    await fail("down");
    clock.now += 500;
    const trying = limiter.take([BUCKET]);
    expect((await limiter.take([BUCKET])).tightest.limit).toBe(50);
    expect(tries).toHaveLength(2);
    tries[1]?.resolve(OPEN);
    expect(await trying).toBe(OPEN);
    expect(changes).toEqual(["degraded: down", "restored"]);
    const next = limiter.take([BUCKET]);
    expect(tries).toHaveLength(3);
    tries[2]?.resolve(OPEN);
    expect(await next).toBe(OPEN);
  });

  it("tells of a change once, however many calls see it", async () => {
    const { limiter, tries, changes } = fallbackOver();
    const taken = Array.from({ length: 5 }, () => limiter.take([BUCKET]));
    for (const one of tries) one.reject("down");
    expect((await Promise.all(taken)).map(({ tightest }) => tightest.limit)).toEqual([50, 50, 50, 50, 50]);
    expect(changes).toEqual(["degraded: down"]);
  });

  it("tries again after a clock that went back", async () => {
    const { limiter, clock, tries, fail } = fallbackOver();
    await fail("down");
    clock.now -= 3_600_000;
    const trying = limiter.take([BUCKET]);
    expect(tries).toHaveLength(2);
    tries[1]?.resolve(OPEN);
    expect(await trying).toBe(OPEN);
  });

  it("is silent about what fails because it was closed", async () => {
    const { limiter, tries, changes } = fallbackOver();
    const taken = limiter.take([BUCKET]);
    await limiter.close();
    tries[0]?.reject("closed");
    expect((await taken).refusal).toBeUndefined();
    expect(changes).toEqual([]);
  });
});
