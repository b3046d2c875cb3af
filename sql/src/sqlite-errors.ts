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

/** Whether another connection holds the lock that was asked for. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === SQLITE_BUSY;
}

/** Whether an error of SQLite may pass by itself. */
export function sqliteErrorPasses(error: unknown): boolean {
  const code = resultCode(error);
  return code !== undefined && TRANSIENT.has(code);
}
