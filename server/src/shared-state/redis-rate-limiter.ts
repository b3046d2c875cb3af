import type { Secret } from "@countersign/service-kit";
import type { Result } from "ioredis";
import { bucketId } from "./bucket-id.ts";
import type { Bucket, RateLimiter, RateVerdict } from "./rate-limiter.ts";
import { RedisConnection } from "./redis-connection.ts";
import { TOKEN_SLACK, verdict } from "./token-bucket.ts";

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

/** Token buckets in Redis, shared by all replicas. A call is one script and one round trip. Full buckets expire. */
export class RedisRateLimiter implements RateLimiter {
  readonly #connection: RedisConnection;

  /** A `redis://` or `rediss://` URL; it may hold a password. */
  constructor(url: Secret<string>) {
    this.#connection = new RedisConnection(url, { scripts: { takeTokens: { lua: TAKE } } });
  }

  /** Throws when Redis does not answer. What it throws holds no secret. */
  async take(buckets: readonly [Bucket, ...Bucket[]]): Promise<RateVerdict> {
    const answer = await this.#connection.ask((redis) =>
      redis.takeTokens(
        buckets.length,
        ...buckets.map((bucket) => KEY_PREFIX + bucketId(bucket)),
        ...buckets.flatMap(({ rate }) => [rate.perSecond, rate.burst]),
      ),
    );
    if (!Array.isArray(answer) || answer.length !== buckets.length + 1) {
      throw new Error("Redis gave an answer of another shape");
    }
    const [allowed, ...missing] = answer.map(Number);
    return verdict(buckets, missing, allowed === 1);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
