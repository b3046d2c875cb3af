import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError, errorFromConnect } from "@countersign/service-kit";

/** The signer's refusal as it is, with its message and its wait, when its reason is among these; else undefined. */
export function passedOnRefusal(cause: unknown, reasons: ReadonlySet<ErrorReason>): DomainError | undefined {
  const { reason, message, retryAfterMs } = errorFromConnect(cause);
  if (reason === undefined || !reasons.has(reason)) return undefined;
  return new DomainError(reason, message, { cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}
