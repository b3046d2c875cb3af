import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

/** SIGNER_PURPOSE_NOT_ALLOWED: the policy has no section for this. */
export function purposeNotAllowed(what: string): DomainError {
  return new DomainError(ErrorReason.SIGNER_PURPOSE_NOT_ALLOWED, `the key's policy does not allow ${what}`);
}

/** SIGNER_POLICY_DENIED: the policy's section does not name this. */
export function policyDenied(message: string): DomainError {
  return new DomainError(ErrorReason.SIGNER_POLICY_DENIED, message);
}

/** Throws SIGNER_LIMIT_EXCEEDED for more than the limit; as much is allowed. `rule` is the field in the configuration. */
export function assertWithin(limit: bigint, value: bigint, rule: string): void {
  if (value <= limit) return;
  throw new DomainError(
    ErrorReason.SIGNER_LIMIT_EXCEEDED,
    `${value} is more than ${rule}, which is ${limit}`,
  );
}
