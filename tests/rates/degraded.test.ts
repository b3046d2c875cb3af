import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { openRateLimiter } from "@countersign/server/shared-state/open-rate-limiter.ts";
import type { Bucket, RateLimiter } from "@countersign/server/shared-state/rate-limiter.ts";
import { Secret } from "@countersign/service-kit";
import { describe, expect, onTestFinished, test } from "vitest";
import { type OwnRedis, PATIENCE_MS, redisServer, startRedis } from "../support/redis.ts";

/** A token takes so long that none flows in during a test. */
const bucketOf = (burst: number): Bucket => ({
  name: "tenant",
  key: randomBytes(8).toString("hex"),
  rate: { perSecond: 0.0001, burst },
});

/** A limiter that writes down when Redis went and came. */
async function replica(url: string, fallbackFraction: number, timeoutMs = PATIENCE_MS) {
  const changes: string[] = [];
  const errors: unknown[] = [];
  const limiter = await openRateLimiter({
    redis: { url: new Secret(url), timeoutMs },
    fallbackFraction,
    now: Date.now,
    onDegraded: (error) => {
      changes.push("degraded");
      errors.push(error);
    },
    onRestored: () => changes.push("restored"),
  });
  onTestFinished(() => limiter.close());
  return { limiter, changes, errors };
}

async function ownRedis(): Promise<OwnRedis> {
  const redis = await startRedis();
  onTestFinished(async () => {
    redis.thaw();
    await redis.kill();
  });
  return redis;
}

async function allowedOf(calls: number, limiter: RateLimiter, bucket: Bucket): Promise<number> {
  const verdicts = await Promise.all(Array.from({ length: calls }, () => limiter.take([bucket])));
  return verdicts.filter(({ refusal }) => refusal === undefined).length;
}

/** Calls, a few at a time, until the limiter has seen the change. Answers how many were allowed meanwhile. */
async function callUntil(changed: () => boolean, limiter: RateLimiter, bucket: Bucket): Promise<number> {
  let allowed = 0;
  while (!changed()) {
    allowed += await allowedOf(5, limiter, bucket);
    await sleep(5);
  }
  return allowed;
}

/** A loopback port on which nobody answers. */
async function deadUrl(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return `redis://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
}

describe("without Redis", () => {
  test("a limiter over Redis starts while Redis is down, and allows its fraction", async () => {
    const { limiter, changes, errors } = await replica(await deadUrl(), 0.25);
    expect(await allowedOf(300, limiter, bucketOf(100))).toBe(25);
    expect(changes).toEqual(["degraded"]);
    expect(String(errors[0])).toContain("ECONNREFUSED");
  });

  test("the smallest fraction of a burst is one call, never none and never all", async () => {
    const { limiter } = await replica(await deadUrl(), 0.01);
    expect(await allowedOf(50, limiter, bucketOf(10))).toBe(1);
  });

  test("the verdict tells the limit that holds", async () => {
    const { limiter } = await replica(await deadUrl(), 0.5);
    const { tightest } = await limiter.take([bucketOf(10), bucketOf(100)]);
    expect(tightest).toMatchObject({ limit: 5, remaining: 4 });
  });

  test("without an address of Redis the limits are this process's own, in full", async () => {
    const limiter = await openRateLimiter({
      fallbackFraction: 0.1,
      now: Date.now,
      onDegraded: () => expect.unreachable(),
      onRestored: () => expect.unreachable(),
    });
    expect(await allowedOf(300, limiter, bucketOf(100))).toBe(100);
    await limiter.close();
  });
});

describe.skipIf(redisServer === undefined)("when Redis comes and goes", () => {
  test("a limiter that started before Redis uses it once it is there", async () => {
    const redis = await ownRedis();
    await redis.kill();
    const { limiter, changes } = await replica(redis.url, 0.5);
    const bucket = bucketOf(10);
    expect(await allowedOf(50, limiter, bucket)).toBe(5);
    await redis.start();
    await callUntil(() => changes.includes("restored"), limiter, bucketOf(1));
    expect(await allowedOf(50, limiter, bucket)).toBe(10);
    expect(changes).toEqual(["degraded", "restored"]);
  });

  test("killed and started again under load, no more than the bursts and the fraction get through", async () => {
    const redis = await ownRedis();
    const replicas = await Promise.all([replica(redis.url, 0.2), replica(redis.url, 0.2)]);
    const bucket = bucketOf(50);
    const shared = await Promise.all(replicas.map(({ limiter }) => allowedOf(200, limiter, bucket)));
    expect(shared[0] ?? 0).toBeLessThanOrEqual(50);
    expect((shared[0] ?? 0) + (shared[1] ?? 0)).toBe(50);

    // Three times over, under load: what a replica allows alone is counted from the first time on.
    const rounds = [];
    for (let round = 0; round < 3; round++) {
      const down = replicas.map(({ limiter, changes }) =>
        callUntil(() => changes.length >= 2 * round + 1, limiter, bucket),
      );
      await redis.kill();
      const alone = await Promise.all(down);
      alone.push(...(await Promise.all(replicas.map(({ limiter }) => allowedOf(100, limiter, bucket)))));
      const up = replicas.map(({ limiter, changes }) =>
        callUntil(() => changes.length >= 2 * round + 2, limiter, bucket),
      );
      await redis.start();
      const restored = await Promise.all(up);
      restored.push(...(await Promise.all(replicas.map(({ limiter }) => allowedOf(200, limiter, bucket)))));
      rounds.push({ alone: sum(alone), restored: sum(restored) });
    }
    // Redis comes back empty: a new burst for both. Alone, each replica has a fifth of the burst, once.
    expect(rounds).toEqual([
      { alone: 20, restored: 50 },
      { alone: 0, restored: 50 },
      { alone: 0, restored: 50 },
    ]);
    for (const { changes } of replicas) {
      expect(changes).toEqual(["degraded", "restored", "degraded", "restored", "degraded", "restored"]);
    }
  });

  test("frozen, it is waited for once, and used again when it thaws", async () => {
    const redis = await ownRedis();
    const { limiter, changes, errors } = await replica(redis.url, 0.5, 1_000);
    const bucket = bucketOf(10);
    expect(await allowedOf(4, limiter, bucket)).toBe(4);
    redis.freeze();
    const alone = await callUntil(() => changes.length >= 1, limiter, bucket);
    expect(String(errors[0])).toContain("nothing within 1000 ms");
    // A thousand calls one after another, each of which would take a second to time out.
    let more = 0;
    for (let i = 0; i < 1_000; i++) more += await allowedOf(1, limiter, bucket);
    expect(alone + more).toBe(5);
    redis.thaw();
    await callUntil(() => changes.length >= 2, limiter, bucketOf(1));
    expect((await limiter.take([bucket])).tightest.limit).toBe(10);
    expect(changes).toEqual(["degraded", "restored"]);
  });
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
