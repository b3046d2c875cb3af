import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createServer, getCACertificates, setDefaultCACertificates } from "node:tls";
import type { Bucket, RateVerdict } from "@countersign/server/shared-state/rate-limiter.ts";
import { RedisRateLimiter } from "@countersign/server/shared-state/redis-rate-limiter.ts";
import { Secret } from "@countersign/service-kit";
import { Redis } from "ioredis";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { makeDevCerts } from "../../scripts/dev-certs.ts";
import { PATIENCE_MS, redisServer, redisUrl, startRedis } from "../support/redis.ts";

const bucketOf = (burst: number, perSecond = 0.001): Bucket => ({
  name: "tenant",
  key: randomBytes(8).toString("hex"),
  rate: { perSecond, burst },
});

const allowed = (verdicts: readonly RateVerdict[]) =>
  verdicts.filter(({ refusal }) => refusal === undefined).length;

const atOnce = (n: number, take: () => Promise<RateVerdict>) => Promise.all(Array.from({ length: n }, take));

function replica(url: string, timeoutMs = PATIENCE_MS): RedisRateLimiter {
  const limiter = new RedisRateLimiter({ url: new Secret(url), timeoutMs });
  onTestFinished(() => limiter.close());
  return limiter;
}

async function ownRedis() {
  const server = await startRedis();
  onTestFinished(() => server.kill());
  const admin = new Redis(server.url);
  onTestFinished(() => admin.disconnect());
  return { server, admin };
}

describe.skipIf(redisUrl === undefined)("over Redis", () => {
  test("replicas share their buckets: 400 calls over two get one burst", async () => {
    const [one, other] = [replica(redisUrl ?? ""), replica(redisUrl ?? "")];
    const bucket = bucketOf(100);
    const verdicts = await Promise.all([
      atOnce(200, () => one.take([bucket])),
      atOnce(200, () => other.take([bucket])),
    ]);
    expect(allowed(verdicts.flat())).toBe(100);
  });
});

describe.skipIf(redisServer === undefined)("in Redis", () => {
  test("a bucket is one short key that expires when it is full, and tells nothing of whom it counts", async () => {
    const { server, admin } = await ownRedis();
    await replica(server.url).take([
      { name: "user", key: `alice@example.com ${"x".repeat(5_000)}`, rate: { perSecond: 0.5, burst: 10 } },
    ]);
    const keys = await admin.keys("*");
    expect(keys).toEqual([expect.stringMatching(/^\{countersign\}:rate:[\w-]{22}$/)]);
    const left = await admin.pttl(keys[0] ?? "");
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(2_000);
  });

  test("a call is one command", async () => {
    const { server, admin } = await ownRedis();
    const limiter = replica(server.url);
    await limiter.take([bucketOf(10)]);
    await admin.config("RESETSTAT");
    await limiter.take([bucketOf(10), bucketOf(10), bucketOf(10)]);
    const stats = await admin.info("commandstats");
    expect(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]).toBe("1");
    expect(stats).not.toContain("cmdstat_eval:");
  });

  test("an answer that came in while this process was busy is taken", async () => {
    const { server } = await ownRedis();
    const limiter = replica(server.url, 1_000);
    await limiter.take([bucketOf(10)]);
    const asked = limiter.take([bucketOf(10)]);
    // The command leaves first.
    await new Promise(setImmediate);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
    expect((await asked).tightest.remaining).toBe(9);
  });

  test("an answer is waited for as long as it may take, also when that is long", async () => {
    const { server } = await ownRedis();
    onTestFinished(() => server.thaw());
    const limiter = replica(server.url);
    await limiter.take([bucketOf(10)]);
    server.freeze();
    const asked = limiter.take([bucketOf(10)]);
    await delay(2_500);
    server.thaw();
    expect((await asked).tightest.remaining).toBe(9);
  });

  test("a script that Redis has forgotten is sent again", async () => {
    const { server, admin } = await ownRedis();
    const limiter = replica(server.url);
    const bucket = bucketOf(10);
    await limiter.take([bucket]);
    await admin.script("FLUSH");
    expect((await limiter.take([bucket])).tightest.remaining).toBe(8);
  });

  test("a wrong password is an error that holds no password, and nothing reaches the console", async () => {
    const { server } = await ownRedis();
    const consoles = (["log", "warn", "error"] as const).map((name) => vi.spyOn(console, name));
    const limiter = replica(server.url.replace(/:[0-9a-f]{32}@/, ":hunter2@"));
    const error = await limiter.take([bucketOf(1)]).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Error);
    expect(String(error)).toContain("WRONGPASS");
    expect(JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(error)))).not.toContain("hunter2");
    for (const spy of consoles) expect(spy).not.toHaveBeenCalled();
  });

  test("is reached over TLS, when its certificate is of a trusted authority", async () => {
    const { server } = await ownRedis();
    const folder = await mkdtemp(join(tmpdir(), "redis-tls-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const certs = makeDevCerts(folder);
    const proxy = createServer(
      { key: await readFile(certs.serverKey), cert: await readFile(certs.serverCert) },
      (socket) => {
        const behind = connect(Number(new URL(server.url).port), "127.0.0.1");
        for (const end of [socket, behind]) end.on("error", () => {});
        socket.pipe(behind).pipe(socket);
      },
    );
    proxy.on("tlsClientError", () => {});
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    onTestFinished(() => {
      proxy.close();
    });
    const address = proxy.address();
    const url = new URL(server.url.replace("redis:", "rediss:"));
    url.port = String(typeof address === "object" ? address?.port : "");

    await expect(replica(url.href).take([bucketOf(2)])).rejects.toThrow("certificate");
    const trusted = getCACertificates();
    onTestFinished(() => setDefaultCACertificates(trusted));
    setDefaultCACertificates([await readFile(certs.ca, "utf8")]);
    expect((await replica(url.href).take([bucketOf(2)])).tightest.remaining).toBe(1);
  });

  test("a password that Redis does not ask for is no reason to write to the console", async () => {
    const { server, admin } = await ownRedis();
    await admin.config("SET", "requirepass", "");
    const consoles = (["log", "warn", "error"] as const).map((name) => vi.spyOn(console, name));
    expect((await replica(server.url).take([bucketOf(2)])).tightest.remaining).toBe(1);
    for (const spy of consoles) expect(spy).not.toHaveBeenCalled();
  });
});
