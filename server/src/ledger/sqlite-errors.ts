import { LedgerUnavailableError } from "./errors.ts";

// https://www.sqlite.org/rescode.html
const SQLITE_BUSY = 5;
/** BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN. */
const TRANSIENT = new Set([SQLITE_BUSY, 6, 7, 10, 13, 14]);

/** The primary result code, or undefined when the error is not SQLite's. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode & 0xff;
}

export function isBusy(error: unknown): boolean {
  return resultCode(error) === SQLITE_BUSY;
}

/** The error to surface: LedgerUnavailableError for what may pass, everything else as it is. */
export function surfacedSqliteError(error: unknown): unknown {
  const code = resultCode(error);
  if (code === undefined || !TRANSIENT.has(code)) return error;
  return new LedgerUnavailableError("the SQLite ledger cannot be written or read now", { cause: error });
}
