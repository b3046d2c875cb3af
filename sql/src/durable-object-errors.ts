/**
 * The platform's errors have no codes. Of SQLite's, the message ends with a result code's name, which an extended one may follow
 * (https://github.com/cloudflare/workerd/blob/main/src/workerd/util/sqlite.c%2B%2B); its storage's own begin with these words.
 */
const TRANSIENT =
  /: SQLITE_(BUSY|LOCKED|NOMEM|IOERR|FULL|CANTOPEN)\b|^(Internal error in )?Durable Object storage /;

/** Whether an error of a Durable Object's storage may pass by itself. */
export function durableObjectErrorPasses(error: unknown): boolean {
  return error instanceof Error && TRANSIENT.test(error.message);
}
