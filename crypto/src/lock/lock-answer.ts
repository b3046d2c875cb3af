import { verifyEqualLogs } from "./dleq.ts";
import type { LockSuite } from "./lock-suite.ts";

/** What a relay answers to a pass. */
export interface LockAnswer {
  /** The element with the relay's lock put on, or taken off. */
  readonly element: Uint8Array;
  /** That it was the lock of the key's commitment: two scalars, the challenge c and the response z. */
  readonly proof: Uint8Array;
}

/** Whether the lock of this commitment was put on: element = s·request. Bad elements and proofs are no answer. */
export function verifyApply(
  suite: LockSuite,
  commitment: Uint8Array,
  request: Uint8Array,
  { element, proof }: LockAnswer,
): boolean {
  return verifyEqualLogs(suite, { commitment, x: request, y: element }, proof);
}

/** Whether the lock of this commitment was taken off: request = s·element. Bad elements and proofs are no answer. */
export function verifyRemove(
  suite: LockSuite,
  commitment: Uint8Array,
  request: Uint8Array,
  { element, proof }: LockAnswer,
): boolean {
  return verifyEqualLogs(suite, { commitment, x: element, y: request }, proof);
}
