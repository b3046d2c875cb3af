import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { KeyRate } from "./policy.ts";

/** Sums of fractions of a token must not cost a whole one. */
const SLACK = 1e-6;

/**
 * How often each key signs: token buckets in this process, one for each key that has a policy. They hold a relay back
 * and are no promise: several signer processes count apart, and a restart fills them.
 */
export class KeyRates {
  readonly #now: () => number;
  readonly #buckets = new Map<string, { missing: number; at: number }>();

  /** `now` is a monotonic clock in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes a token of a key that has a policy. Throws RATE_LIMITED when there is none; then nothing was taken. */
  take(keyId: string, { perSecond, burst }: KeyRate): void {
    const now = this.#now();
    const bucket = this.#buckets.get(keyId);
    const refilled = bucket === undefined ? 0 : ((now - bucket.at) / 1_000) * perSecond;
    const missing = Math.max(0, (bucket?.missing ?? 0) - refilled) + 1;
    if (missing > burst + SLACK) {
      const retryAfterMs = Math.max(1, Math.ceil(((missing - burst) * 1_000) / perSecond - SLACK));
      throw new DomainError(ErrorReason.RATE_LIMITED, `key ${keyId} signs at most ${perSecond} a second`, {
        retryAfterMs,
      });
    }
    this.#buckets.set(keyId, { missing, at: now });
  }
}
