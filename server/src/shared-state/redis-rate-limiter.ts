import { setTimeout as sleep } from "node:timers/promises";
import type { Secret } from "@countersign/service-kit";
import { Redis, type Result } from "ioredis";
import { bucketId } from "./bucket-id.ts";
import type { Bucket, RateLimiter, RateVerdict } from "./rate-limiter.ts";
import { TOKEN_SLACK, verdict } from "./token-bucket.ts";

/** A call that Redis does not answer within this many milliseconds has failed. */
const ANSWER_MS = 250;
/** A connection that is silent for this many milliseconds, while an answer is due, is given up. */
const SILENT_MS = 2_000;
const CONNECT_MS = 2_000;
const MAX_RECONNECT_MS = 1_000;

/** Redis Cluster keeps keys with the same tag on one node, and a script may only touch keys of one node. */
const KEY_PREFIX = "{countersign}:rate:";

/**
 * The arithmetic of token-bucket.ts, in Redis: the time is the server's own, so that replicas with different
 * clocks agree. KEYS are the buckets; ARGV has each one's tokens a second and burst. Answers 1 or 0, and what is
 * missing from each bucket after the call, as text, because Lua's numbers lose their fractions on the way.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local allowed = 1
local missing = {}
for i, key in ipairs(KEYS) do
  missing[i] = 0
  local state = redis.call('GET', key)
  if state then
    local was, at = state:match('^(%S+) (%S+)$')
    missing[i] = math.max(0, was - math.max(0, now - at) / 1000 * ARGV[2 * i - 1])
  end
  if missing[i] + 1 > ARGV[2 * i] + ${TOKEN_SLACK} then allowed = 0 end
end
for i, key in ipairs(KEYS) do
  local after = missing[i] + allowed
  missing[i] = string.format('%.17g', after)
  if after > 0 then
    local full_ms = math.max(1, math.ceil(after / ARGV[2 * i - 1] * 1000))
    redis.call('SET', key, missing[i] .. ' ' .. string.format('%.0f', now), 'PX', string.format('%.0f', full_ms))
  end
end
return {allowed, unpack(missing)}
`;

declare module "ioredis" {
  interface RedisCommander<Context> {
    takeTokens(keyCount: number, ...keysAndRates: (string | number)[]): Result<unknown, Context>;
  }
}

/**
 * Token buckets in Redis 6.2 or later, shared by all replicas. A call is one script and one round trip. Full
 * buckets expire. Connects, and connects again, by itself.
 */
export class RedisRateLimiter implements RateLimiter {
  readonly #redis: Redis;
  /** Until the first connection stands, or has failed, or takes too long to wait for. */
  readonly #opened: Promise<unknown>;
  /** Why there is no connection. */
  #connectionError: Error | undefined;

  /** A `redis://` or `rediss://` URL; it may hold a password. */
  constructor(url: Secret<string>) {
    this.#redis = new Redis(url.reveal(), {
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      socketTimeout: SILENT_MS,
      retryStrategy: (times) => Math.min(times * 100, MAX_RECONNECT_MS),
      // After a failover the old primary still answers, but takes no writes.
      reconnectOnError: ({ message }) => message.startsWith("READONLY"),
      // A call is answered now or it has failed; whoever asked has another answer by then.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      // It logs to the console when INFO is not permitted. A server that is loading refuses each call anyway.
      enableReadyCheck: false,
      disableClientInfo: true,
      scripts: { takeTokens: { lua: TAKE } },
    });
    // Without a listener ioredis logs to the console.
    this.#redis.on("error", (error: Error) => {
      this.#connectionError = error;
    });
    this.#redis.on("ready", () => {
      this.#connectionError = undefined;
    });
    this.#opened = Promise.race([
      this.#redis.connect().catch(() => {}),
      sleep(ANSWER_MS, undefined, { ref: false }),
    ]);
  }

  /** Throws when Redis does not answer. What it throws holds no secret. */
  async take(buckets: readonly [Bucket, ...Bucket[]]): Promise<RateVerdict> {
    await this.#opened;
    let answer: unknown;
    try {
      answer = await inTime(
        this.#redis.takeTokens(
          buckets.length,
          ...buckets.map((bucket) => KEY_PREFIX + bucketId(bucket)),
          ...buckets.flatMap(({ rate }) => [rate.perSecond, rate.burst]),
        ),
      );
    } catch (error) {
      throw this.#failure(error);
    }
    if (!Array.isArray(answer) || answer.length !== buckets.length + 1) {
      throw new Error("Redis gave an answer of another shape");
    }
    const [allowed, ...missing] = answer.map(Number);
    return verdict(buckets, missing, allowed === 1);
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
  }

  /** ioredis puts the command with its arguments into its errors: at the start of a connection, the password. */
  #failure(error: unknown): Error {
    if (this.#redis.status !== "ready") {
      return new Error(`no connection to Redis: ${this.#connectionError?.message ?? this.#redis.status}`);
    }
    return new Error(`Redis does not answer: ${error instanceof Error ? error.message : "unknown error"}`);
  }
}

/**
 * Gives up after ANSWER_MS, but reads first what has arrived by then: when this process was busy for so long, its
 * timers run before its sockets are read, and Redis is not to blame.
 */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Error(`nothing within ${ANSWER_MS} ms`));
  const timer = setTimeout(() => setImmediate(giveUp), ANSWER_MS);
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
