import { BadInput } from "../bad-input.ts";

/** What is wrong, for callers that have a reason of their own for each. */
export type LockFault =
  /** No element of the group: size, encoding, membership, or the identity. */
  | "INVALID_ELEMENT"
  /** No canonical scalar of the suite, or zero. */
  | "INVALID_SCALAR"
  /** The answer's proof does not hold for the key's commitment. */
  | "INVALID_PROOF"
  /** The relay's lock changed nothing: K^s is K. */
  | "LOCK_NOT_APPLIED"
  /** The commitment is not the one that the key id names. */
  | "WRONG_KEY"
  /** No envelope of this version: a size, a suite, an encoding, a name. */
  | "INVALID_ENVELOPE"
  /** An envelope of another account, key or relay, or one that was altered. */
  | "ENVELOPE_NOT_OPENED";

/** An input of the server lock is refused. The message is safe to show. */
export class LockError extends BadInput {
  override readonly name = "LockError";
  readonly fault: LockFault;

  constructor(fault: LockFault, message: string) {
    super(message);
    this.fault = fault;
  }
}
