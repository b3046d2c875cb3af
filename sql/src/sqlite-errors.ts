// https://www.sqlite.org/rescode.html
const SQLITE_BUSY = 5;
/** BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN. */
const TRANSIENT = new Set([SQLITE_BUSY, 6, 7, 10, 13, 14]);

/**
 * SQLite ended the transaction by itself, as it may when the disk is full or fails: what was to be part of it is not
 * carried out.
 */
export class TransactionGoneError extends Error {
  override readonly name = "TransactionGoneError";

  constructor() {
    super("SQLite gave the transaction up");
  }
}

/** The primary result code, or undefined when the error is not SQLite's. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode & 0xff;
}

/** Whether another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === SQLITE_BUSY;
}

/** Whether an error of SQLite may pass by itself. */
export function sqliteErrorPasses(error: unknown): boolean {
  const code = resultCode(error);
  if (error instanceof TransactionGoneError) return true;
  return code !== undefined && TRANSIENT.has(code);
}
