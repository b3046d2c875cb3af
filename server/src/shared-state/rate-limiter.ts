/** A token bucket's size and speed. */
export interface Rate {
  /** Tokens a second in the long run. */
  readonly perSecond: number;
  /** Tokens that a full bucket holds. */
  readonly burst: number;
}

/** A bucket from which calls take tokens. */
export interface Bucket {
  /** What it bounds, for headers and messages: for example "ip", "tenant" or "method". */
  readonly name: string;
  /** Tells it from the other buckets of its name. */
  readonly key: string;
  readonly rate: Rate;
}

/** How a bucket stands after a call. */
export interface BucketLevel {
  readonly name: string;
  /** Its burst. */
  readonly limit: number;
  /** Whole tokens left. */
  readonly remaining: number;
  /** Milliseconds until it is full again. */
  readonly resetMs: number;
}

export interface RateVerdict {
  /** Undefined when the call may go on; else the bucket that has too few tokens and when it has them. */
  readonly refusal: { readonly name: string; readonly retryAfterMs: number } | undefined;
  /** The bucket that is emptiest: what RateLimit headers tell of. */
  readonly tightest: BucketLevel;
}

/** Bounds how often something happens. Shared state: what it forgets costs nothing but a full bucket. */
export interface RateLimiter {
  /**
   * Takes a token, or as many as said, from each bucket, or from none of them when one has not so many. At least one
   * bucket. Never throws.
   */
  take(buckets: readonly [Bucket, ...Bucket[]], tokens?: number): Promise<RateVerdict>;
  close(): Promise<void>;
}
