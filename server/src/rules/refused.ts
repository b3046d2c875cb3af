import { DomainError } from "@countersign/service-kit";
import type { Refusal } from "./rule.ts";

/** The error for a rule that does not hold. */
export function refused({ reason, message, retryAfterMs }: Refusal, subject = ""): DomainError {
  return new DomainError(reason, message, {
    subject,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
