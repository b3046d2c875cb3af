import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { LockSuite } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { DomainError } from "@countersign/service-kit";

/** Bytes of an element of each suite. Whether it is one is for whoever has the keys to find out. */
const SIZES: ReadonlyMap<LockSuite, number> = new Map([
  [LockSuite.RISTRETTO255_V1, 32],
  [LockSuite.FFDHE3072_V1, 384],
]);

/** Throws LOCK_ELEMENT_INVALID for a size that no element of the suite has. */
export function assertSizeOf(suite: LockSuite, element: Uint8Array): void {
  if (element.length !== SIZES.get(suite)) throw wrongSize();
}

/** Throws LOCK_ELEMENT_INVALID for a size that no element of any suite has: a key id does not say which one is its own. */
export function assertSizeOfAny(element: Uint8Array): void {
  if (![...SIZES.values()].includes(element.length)) throw wrongSize();
}

function wrongSize(): DomainError {
  return new DomainError(ErrorReason.LOCK_ELEMENT_INVALID, "the element has not the size of its suite's");
}
