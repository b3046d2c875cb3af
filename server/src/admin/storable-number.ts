import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

/** The ledger's integers are signed, the contract's are not; one is left for the version after this one. */
const MAX = 2n ** 63n - 2n;

/** Throws FIELD_INVALID for a number that the ledger cannot hold. */
export function assertStorable(field: string, value: bigint): void {
  if (value > MAX) throw new DomainError(ErrorReason.FIELD_INVALID, `${field} is at most ${MAX}`);
}
