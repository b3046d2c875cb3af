import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { MemoryPendingStore } from "@countersign/server/shared-state/memory-pending-store.ts";
import { type OpenPending, openPending, pendingOver } from "@countersign/server/shared-state/open-pending.ts";
import { Secret } from "@countersign/service-kit";
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test } from "vitest";
import { PATIENCE_MS, redisServer, redisUrl, startRedis } from "../support/redis.ts";
import { reasonOf } from "./reason-of.ts";

/** What is begun, seen by two takers, and how time passes for it. */
interface Twin {
  readonly pending: OpenPending;
  readonly other: OpenPending;
  pass(ms: number): Promise<unknown>;
}

async function inMemory(): Promise<Twin> {
  let now = 1_790_000_000_000;
  const pending = await openPending({ now: () => now, onFailed: () => {} });
  const pass = async (ms: number) => {
    now += ms;
  };
  return { pending, other: pending, pass };
}

async function inRedis(): Promise<Twin> {
  const [{ pending }, { pending: other }] = await Promise.all([
    replica(redisUrl ?? ""),
    replica(redisUrl ?? ""),
  ]);
  return { pending, other, pass: (ms) => sleep(ms + 10) };
}

async function replica(url: string, timeoutMs = PATIENCE_MS) {
  const errors: unknown[] = [];
  const onFailed = (error: unknown) => errors.push(error);
  const pending = await openPending({ redis: { url: new Secret(url), timeoutMs }, now: Date.now, onFailed });
  onTestFinished(() => pending.close());
  return { pending, errors };
}

/** Of this test alone: Redis is shared. */
const freshId = () => randomBytes(16).toString("base64url");

describe.each([
  { name: "memory", available: true, open: inMemory },
  { name: "redis", available: redisUrl !== undefined, open: inRedis },
])("what is begun, in $name", ({ available, open }) => {
  const testHere = test.skipIf(!available);

  testHere("is taken once, as it was put, by one of many takers", async () => {
    const { pending, other } = await open();
    const id = freshId();
    const value = { tenant: "shop", list: [1, "ü", null], nested: { yes: true } };
    await pending.put("registration", id, value, 60_000);
    const taken = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? pending : other).take("registration", id)),
    );
    expect(taken.filter((one) => one !== undefined)).toEqual([value]);
  });

  testHere("is of its kind and id alone", async () => {
    const { pending } = await open();
    const id = freshId();
    await pending.put("registration", id, 1, 60_000);
    expect(await pending.take("passkey-sign-in", id)).toBeUndefined();
    expect(await pending.take("registration", `${id} `)).toBeUndefined();
    expect(await pending.take("registration", "x".repeat(100_000))).toBeUndefined();
    expect(await pending.take("registration", id)).toBe(1);
  });

  testHere("is over after its time", async () => {
    const { pending, pass } = await open();
    const id = freshId();
    await pending.put("id-token", id, 1, 50);
    await pass(50);
    expect(await pending.take("id-token", id)).toBeUndefined();
  });

  testHere("has 8 KiB at most", async () => {
    const { pending } = await open();
    await pending.put("redirect", freshId(), "x".repeat(8_190), 60_000);
    await expect(pending.put("redirect", freshId(), "x".repeat(8_191), 60_000)).rejects.toThrow(RangeError);
  });
});

test("memory holds so many, and forgets the oldest", async () => {
  let now = 0;
  const pending = pendingOver(new MemoryPendingStore(() => now, 3), () => {});
  for (const id of ["a", "b", "c", "d"]) await pending.put("registration", id, id, 1_000);
  expect(await pending.take("registration", "a")).toBeUndefined();
  expect(await pending.take("registration", "b")).toBe("b");
  now = 1_000;
  // What is over its time makes room first.
  for (const id of ["e", "f", "g"]) await pending.put("registration", id, id, 1_000);
  for (const id of ["e", "f", "g"]) expect(await pending.take("registration", id)).toBe(id);
});

describe.skipIf(redisServer === undefined)("without Redis", () => {
  test("nothing is begun or finished until it is back, and the error tells nothing of what was sent", async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.kill());
    const { pending, errors } = await replica(redis.url);
    await pending.put("registration", "id", { challenge: "hunter2" }, 60_000);
    await redis.kill();
    expect(await reasonOf(pending.put("registration", "id", "hunter2", 60_000))).toBe(
      "SHARED_STATE_UNAVAILABLE",
    );
    expect(await reasonOf(pending.take("registration", "id"))).toBe("SHARED_STATE_UNAVAILABLE");
    expect(errors).toHaveLength(2);
    expect(errors.map(String).join()).not.toContain("hunter2");
    await redis.start();
    while ((await reasonOf(pending.put("registration", "id", 1, 60_000))) !== "none") await sleep(20);
    expect(await pending.take("registration", "id")).toBe(1);
  });

  test("a frozen Redis is waited for a moment only", async () => {
    const redis = await startRedis();
    onTestFinished(async () => {
      redis.thaw();
      await redis.kill();
    });
    const { pending } = await replica(redis.url, 1_000);
    await pending.put("registration", "id", 1, 60_000);
    redis.freeze();
    expect(await reasonOf(pending.take("registration", "id"))).toBe("SHARED_STATE_UNAVAILABLE");
  });

  test("its keys end with their time and tell no id", async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.kill());
    const admin = new Redis(redis.url);
    onTestFinished(() => admin.disconnect());
    const { pending } = await replica(redis.url);
    await pending.put("sign-in-code", "a-secret-code", 1, 60_000);
    const keys = await admin.keys("*");
    expect(keys).toEqual([expect.stringMatching(/^\{countersign\}:pending:sign-in-code:[\w-]{43}$/)]);
    expect(await admin.pttl(keys[0] ?? "")).toBeGreaterThan(50_000);
  });
});
