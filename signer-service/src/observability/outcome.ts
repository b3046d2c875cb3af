import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";

/** How it went with a transaction that was to be signed, or a call about a threshold key. */
export type Outcome = "succeeded" | "denied" | "failed";

/** Reasons that are not the caller's: something of the signer's own is broken or away. */
const FAILURES: ReadonlySet<ErrorReason> = new Set([
  ErrorReason.INTERNAL,
  ErrorReason.SIGNER_SELF_CHECK_FAILED,
  ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
  ErrorReason.SIGNER_STORE_UNAVAILABLE,
  ErrorReason.SIGNER_JOURNAL_LOCKED,
  ErrorReason.MASTER_SECRET_UNAVAILABLE,
  ErrorReason.THRESHOLD_KEY_BROKEN,
]);

/** The outcome of what was refused for a reason. */
export function outcomeOf(reason: ErrorReason): Exclude<Outcome, "succeeded"> {
  return FAILURES.has(reason) ? "failed" : "denied";
}
