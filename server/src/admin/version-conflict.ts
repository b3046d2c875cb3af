import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

/** The refusal of a change to what somebody else has changed meanwhile. */
export function versionConflict(what: string, expected: bigint): DomainError {
  return new DomainError(
    ErrorReason.VERSION_CONFLICT,
    `${what} is not at version ${expected}: read it again`,
  );
}
