import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { KeyPoolDesk } from "../../key-pool/key-pool-desk.ts";

/** What a relay with keys of its own has. Throws KEY_POOL_NOT_FOUND for another one. */
export function deskOf(keyPools: KeyPoolDesk | undefined): KeyPoolDesk {
  if (keyPools !== undefined) return keyPools;
  throw new DomainError(ErrorReason.KEY_POOL_NOT_FOUND, "this relay has no keys of its own");
}

/** The same for a call that names an operation. Throws KEY_OPERATION_NOT_FOUND. */
export function deskFor(keyPools: KeyPoolDesk | undefined, id: string): KeyPoolDesk {
  if (keyPools !== undefined) return keyPools;
  throw new DomainError(ErrorReason.KEY_OPERATION_NOT_FOUND, `there is no operation ${id}`);
}
