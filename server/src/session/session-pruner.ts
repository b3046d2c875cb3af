import { setTimeout as delay } from "node:timers/promises";
import type { AppSessionStore } from "../ledger/app-session-types.ts";

/** Pause between two rounds, in milliseconds. */
const PAUSE_MS = 60_000;
/** What has ended stays this long, so that a token that comes again is known; milliseconds. */
const KEEP_MS = 86_400_000;

export interface SessionPrunerOptions {
  readonly store: Pick<AppSessionStore, "pruneAppSessions">;
  readonly now: () => Date;
}

/** Deletes the sessions that are over now, unless `signal` aborts meanwhile. Throws LedgerUnavailableError. */
export async function pruneEndedSessions(
  { store, now }: SessionPrunerOptions,
  signal?: AbortSignal,
): Promise<void> {
  const before = new Date(now().getTime() - KEEP_MS);
  while (!signal?.aborted && (await store.pruneAppSessions(before)) > 0);
}

/** Deletes sessions that are over. Runs until `signal` aborts; what fails is tried again in the next round. */
export async function pruneSessions(
  { onFailed, ...options }: SessionPrunerOptions & { onFailed: (error: unknown) => void },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await pruneEndedSessions(options, signal);
    } catch (error) {
      if (!signal.aborted) onFailed(error);
    }
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}
