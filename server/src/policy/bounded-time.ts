import { createContext, Script } from "node:vm";

/** The work ran longer than it may. */
export class TookTooLongError extends Error {
  override readonly name = "TookTooLongError";
}

const sandbox: { work: () => void } = { work: () => undefined };
const context = createContext(sandbox);
const script = new Script("work()");

/**
 * Runs synchronous JavaScript for at most `timeoutMs` milliseconds of the clock, then stops it wherever it is; its
 * `finally` blocks do not run then. Not for untrusted JavaScript: only time is bounded. Throws TookTooLongError, and
 * what the work throws.
 */
export function withinTime<T>(timeoutMs: number, work: () => T): T {
  let done: { readonly value: T } | undefined;
  sandbox.work = () => {
    done = { value: work() };
  };
  try {
    script.runInContext(context, { timeout: timeoutMs });
  } catch (error) {
    if (!isTimeout(error)) throw error;
  } finally {
    sandbox.work = () => undefined;
  }
  if (done === undefined) throw new TookTooLongError(`the work took more than ${timeoutMs} ms`);
  return done.value;
}

/** The error is of the context's own classes: `instanceof Error` is false. */
function isTimeout(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  return error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
