import { ErrorReason, ErrorReasonSchema } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { Submission } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { type ErrorReasonName, SubmissionState } from "@countersign/web";

/** A submission that the relay took, and that did not succeed. */
export class SubmissionError extends Error {
  override readonly name = "SubmissionError";
  readonly reason: ErrorReasonName;

  /** @param message the relay's own words */
  constructor(reason: ErrorReason, message: string) {
    super(message);
    const known = ErrorReasonSchema.value[reason]?.localName ?? "UNSPECIFIED";
    this.reason = known as ErrorReasonName;
  }
}

/** The transaction's hash. Throws SubmissionError when the submission did not succeed. */
export function landed({ state, failure, transaction }: Submission): string {
  if (state === SubmissionState.SUCCEEDED) return transaction?.hash ?? "";
  throw new SubmissionError(failure?.reason ?? ErrorReason.UNSPECIFIED, failure?.message ?? "");
}
