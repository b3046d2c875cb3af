import { unlessAborted } from "../clock.ts";
import { cancelled } from "./app-session.ts";
import { fromVault, notReady } from "./wallet-errors.ts";

/** How long a store of the vault may take, in milliseconds: a browser's database may be stuck for ever. */
const STORE_MS = 2_000;

/**
 * What the vault answers after it has asked its store. Throws FAILED_PRECONDITION when that takes longer than `ms`, two seconds if
 * absent, CANCELED when the signal aborts, and as `fromVault`.
 */
export async function storeInTime<T>(
  answer: Promise<T>,
  signal?: AbortSignal,
  ms: number = STORE_MS,
): Promise<T> {
  const late = AbortSignal.timeout(ms);
  const over = signal === undefined ? late : AbortSignal.any([signal, late]);
  try {
    return await unlessAborted(fromVault(answer), over);
  } catch (error) {
    if (signal?.aborted) throw cancelled(signal);
    if (late.aborted) throw notReady("UNSPECIFIED", "this browser's database does not answer");
    throw error;
  }
}
