import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

/** The database cannot be reached or is too busy. A write may or may not have happened: repeat it. */
export class LedgerUnavailableError extends DomainError {
  /** `message` says what failed, for the log; callers learn no more than that the ledger is away. */
  constructor(message: string, options?: { cause: unknown }) {
    const cause = new Error(message, options);
    super(ErrorReason.LEDGER_UNAVAILABLE, "the ledger gave no answer", { cause });
  }
}

/** Another process has the SQLite ledger open. */
export class LedgerLockedError extends Error {
  override readonly name = "LedgerLockedError";
}

/** The lane's lease was taken over or released. Nothing was written. */
export class FencedError extends Error {
  override readonly name = "FencedError";
}

/** A submission is not in a state, or not in the hands of the lane, that the write needs. Nothing was written. */
export class IllegalTransitionError extends Error {
  override readonly name = "IllegalTransitionError";
}

/** A nonce was to carry a second transaction, or one that was not allocated. Nothing was written. */
export class NonceConflictError extends Error {
  override readonly name = "NonceConflictError";
}

/**
 * Whether one piece of work may have brought about what failed for all that shared its transaction: anything but a
 * database that is away, unless its SQLSTATE is one of `undone`.
 */
export function mayBeOfOne(error: unknown, undone: readonly string[]): boolean {
  if (!(error instanceof LedgerUnavailableError)) return true;
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ("code" in cause && undone.some((code) => code === cause.code)) return true;
  }
  return false;
}
