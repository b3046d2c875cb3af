import type { Bucket, BucketLevel, Rate, RateVerdict } from "./rate-limiter.ts";

/**
 * A token bucket at a moment. What is missing is counted in tokens rather than as the time when the bucket is
 * full: an interval of 0.1 ms that is added to today's milliseconds loses a thousandth in a double.
 */
export interface BucketState {
  /** Tokens missing from a full bucket. */
  readonly missing: number;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Sums of fractions of a token must not cost a whole one. */
export const TOKEN_SLACK = 1e-6;

/** Tokens missing now. A clock that went back refills nothing. */
export function missingAt(state: BucketState | undefined, rate: Rate, now: number): number {
  if (state === undefined) return 0;
  const refilled = (Math.max(0, now - state.at) / 1_000) * rate.perSecond;
  return Math.max(0, state.missing - refilled);
}

/** Whether a bucket with so many tokens missing can give so many. */
export function hasTokens(missing: number, rate: Rate, tokens: number): boolean {
  return missing + tokens <= rate.burst + TOKEN_SLACK;
}

/** Milliseconds until so many tokens have flown in. */
export function refillMs(tokens: number, rate: Rate): number {
  return Math.ceil((tokens * 1_000) / rate.perSecond - TOKEN_SLACK);
}

/**
 * What a call is told that has taken `tokens` from all `buckets` or from none; `missing` are the tokens missing from each
 * of them since. Of several empty buckets the one with the longest wait refuses, so that a caller who waits as told
 * is not refused by the next. It then is the tightest too; else that is the one with the fewest tokens.
 */
export function verdict(
  buckets: readonly [Bucket, ...Bucket[]],
  missing: readonly number[],
  allowed: boolean,
  tokens: number,
): RateVerdict {
  const counted = buckets.map((bucket, i): CountedBucket => ({ bucket, missing: missing[i] ?? 0 }));
  if (allowed) return { refusal: undefined, tightest: level(counted.reduce(fewerTokens)) };
  const refusing = counted.reduce((a, b) => (waitMs(b, tokens) > waitMs(a, tokens) ? b : a));
  return {
    refusal: { name: refusing.bucket.name, retryAfterMs: waitMs(refusing, tokens) },
    tightest: level(refusing),
  };
}

interface CountedBucket {
  readonly bucket: Bucket;
  readonly missing: number;
}

function fewerTokens(a: CountedBucket, b: CountedBucket): CountedBucket {
  return b.bucket.rate.burst - b.missing < a.bucket.rate.burst - a.missing ? b : a;
}

/** 0 when it has so many tokens; at least 1 when it has not. */
function waitMs({ bucket: { rate }, missing }: CountedBucket, tokens: number): number {
  return hasTokens(missing, rate, tokens) ? 0 : Math.max(1, refillMs(missing + tokens - rate.burst, rate));
}

function level({ bucket: { name, rate }, missing }: CountedBucket): BucketLevel {
  return {
    name,
    limit: rate.burst,
    remaining: Math.max(0, Math.floor(rate.burst - missing + TOKEN_SLACK)),
    resetMs: Math.max(0, refillMs(missing, rate)),
  };
}
