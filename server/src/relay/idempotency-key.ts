import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

const HEADER = "idempotency-key";
/** The rule of the contract's field, which the header must keep as well. */
const ALLOWED = /^[A-Za-z0-9_.:-]{1,128}$/;

/**
 * The call's idempotency key: field or header, which must agree when both are there; empty when neither is.
 * Throws DomainError IDEMPOTENCY_KEY_MISMATCH, or FIELD_INVALID for a header that no field could hold.
 */
export function idempotencyKey(field: string, headers: Headers): string {
  const header = headers.get(HEADER) ?? "";
  if (header === "") return field;
  if (!ALLOWED.test(header)) {
    throw new DomainError(
      ErrorReason.FIELD_INVALID,
      "header Idempotency-Key has 1 to 128 letters, digits and _ . : -",
    );
  }
  if (field !== "" && field !== header) {
    throw new DomainError(
      ErrorReason.IDEMPOTENCY_KEY_MISMATCH,
      "field idempotency_key and header Idempotency-Key differ",
    );
  }
  return header;
}
