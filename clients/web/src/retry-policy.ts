import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { CountersignError, ErrorReasonName } from "./countersign-error.ts";
import { isOfRounds } from "./rounds.ts";

/** How often and how patiently a call is repeated. */
export interface RetryPolicy {
  /** At most how many attempts, the first one included. 1 for no repetition. */
  readonly attempts: number;
  /** Bound of the first wait, in milliseconds; it doubles with every attempt. */
  readonly baseMs: number;
  /** The longest wait, in milliseconds. A service that asks for more has its error handed on at once. */
  readonly maxMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 4, baseMs: 200, maxMs: 10_000 };

/** Refusals for lack of room that pass within seconds. A budget that is used up does not. */
const PASSING: readonly ErrorReasonName[] = ["RATE_LIMITED", "OVERLOADED", "QUEUE_FULL", "PRESIGN_BUSY"];

/** Whether the contract allows a call to be made again by somebody who knows no more than its method. */
export function isRepeatable({ idempotency, parent }: DescMethod): boolean {
  return idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN && !isOfRounds({ parent });
}

/** Whether the same call may succeed a little later. */
function isTransient({ code, reason, retryAfterMs }: CountersignError): boolean {
  if (code === Code.Unavailable) return true;
  // A conflict of versions stays one until the caller has read the new version.
  if (code === Code.Aborted) return reason !== "VERSION_CONFLICT";
  return code === Code.ResourceExhausted && retryAfterMs !== undefined && PASSING.includes(reason);
}

/**
 * Milliseconds to wait after the `failures`-th failure in a row; undefined when the error is to be handed on.
 * Never shorter than what the service asks for; else exponential with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export function pauseAfter(
  error: CountersignError,
  failures: number,
  policy: RetryPolicy,
  random: () => number,
): number | undefined {
  if (failures >= policy.attempts || !isTransient(error)) return undefined;
  const asked = error.retryAfterMs;
  if (asked === undefined) return random() * Math.min(policy.maxMs, policy.baseMs * 2 ** (failures - 1));
  // Spread, because everybody who was refused at this moment was told the same.
  return asked > policy.maxMs ? undefined : asked + random() * policy.baseMs;
}
