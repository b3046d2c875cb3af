import { createContext, Script } from "node:vm";

/** The work ran longer than it may. */
export class TookTooLongError extends Error {
  override readonly name = "TookTooLongError";
}

const sandbox: { work: () => void } = { work: () => undefined };
const context = createContext(sandbox);
const script = new Script("work()");

/** How often work begins again that the machine kept from running: the clock cannot tell the two apart. */
const MAX_BEGINNINGS = 3;
/** Share of its time in which work must have had the CPU to count as too long. */
const BUSY_SHARE = 0.5;

/**
 * Runs synchronous JavaScript for at most `timeoutMs` milliseconds of the clock, then stops it wherever it is; its
 * `finally` blocks do not run then. Work that was stopped although the thread had the CPU for less than half of that
 * time begins anew, so it must be repeatable; it is given up the third time. Not for untrusted JavaScript: only time is
 * bounded. Throws TookTooLongError, and what the work throws.
 */
export function withinTime<T>(timeoutMs: number, work: () => T): T {
  for (let beginning = 1; ; beginning++) {
    const before = process.threadCpuUsage();
    const done = stopped(timeoutMs, work);
    if (done !== undefined) return done.value;
    const { user, system } = process.threadCpuUsage(before);
    const wasBusy = user + system >= timeoutMs * 1000 * BUSY_SHARE;
    if (wasBusy || beginning === MAX_BEGINNINGS) {
      throw new TookTooLongError(`the work took more than ${timeoutMs} ms`);
    }
  }
}

/** What the work gives, or undefined when its time was over before. */
function stopped<T>(timeoutMs: number, work: () => T): { readonly value: T } | undefined {
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
  return done;
}

/** The error is of the context's own classes: `instanceof Error` is false. */
function isTimeout(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("code" in error)) return false;
  return error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}
