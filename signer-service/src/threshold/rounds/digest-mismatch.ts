import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

/** DIGEST_MISMATCH. */
export function digestMismatch(): DomainError {
  return new DomainError(ErrorReason.DIGEST_MISMATCH, "the digest is not the one that was authorised");
}
