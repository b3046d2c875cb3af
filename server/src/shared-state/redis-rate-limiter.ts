import type { Result } from "ioredis";
import { bucketId } from "./bucket-id.ts";
import type { Bucket, RateLimiter, RateVerdict } from "./rate-limiter.ts";
import { RedisConnection, type RedisSettings } from "./redis-connection.ts";
import { TOKEN_SLACK, verdict } from "./token-bucket.ts";

/** Redis Cluster keeps keys with the same tag on one node, and a script may only touch keys of one node. */
const KEY_PREFIX = "{countersign}:rate:";

/**
 * The arithmetic of token-bucket.ts, in Redis: the time is the server's own, so that replicas with different
 * clocks agree. KEYS are the buckets; ARGV has each one's tokens a second and burst, then how many are taken. Answers 1 or 0, and what is
 * missing from each bucket after the call, as text, because Lua's numbers lose their fractions on the way.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wanted = tonumber(ARGV[2 * #KEYS + 1])
local allowed = true
local missing = {}
for i, key in ipairs(KEYS) do
  missing[i] = 0
  local state = redis.call('GET', key)
  if state then
    local was, at = state:match('^(%S+) (%S+)$')
    missing[i] = math.max(0, was - math.max(0, now - at) / 1000 * ARGV[2 * i - 1])
  end
  if missing[i] + wanted > ARGV[2 * i] + ${TOKEN_SLACK} then allowed = false end
end
for i, key in ipairs(KEYS) do
  local after = missing[i] + (allowed and wanted or 0)
  missing[i] = string.format('%.17g', after)
  if after > 0 then
    local full_ms = math.max(1, math.ceil(after / ARGV[2 * i - 1] * 1000))
    redis.call('SET', key, missing[i] .. ' ' .. string.format('%.0f', now), 'PX', string.format('%.0f', full_ms))
  end
end
return {allowed and 1 or 0, unpack(missing)}
`;

declare module "ioredis" {
  interface RedisCommander<Context> {
    takeTokens(keyCount: number, ...keysAndRates: (string | number)[]): Result<unknown, Context>;
  }
}

/** Token buckets in Redis, shared by all replicas. A call is one script and one round trip. Full buckets expire. */
export class RedisRateLimiter implements RateLimiter {
  readonly #connection: RedisConnection;

  constructor(settings: RedisSettings) {
    this.#connection = new RedisConnection(settings, { scripts: { takeTokens: { lua: TAKE } } });
  }

  /** Throws when Redis does not answer. What it throws holds no secret. */
  async take(buckets: readonly [Bucket, ...Bucket[]], tokens = 1): Promise<RateVerdict> {
    const answer = await this.#connection.ask((redis) =>
      redis.takeTokens(
        buckets.length,
        ...buckets.map((bucket) => KEY_PREFIX + bucketId(bucket)),
        ...buckets.flatMap(({ rate }) => [rate.perSecond, rate.burst]),
        tokens,
      ),
    );
    if (!Array.isArray(answer) || answer.length !== buckets.length + 1) {
      throw new Error("Redis gave an answer of another shape");
    }
    const [allowed, ...missing] = answer.map(Number);
    return verdict(buckets, missing, allowed === 1, tokens);
  }

  async close(): Promise<void> {
    this.#connection.close();
  }
}
