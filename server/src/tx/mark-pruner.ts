import { setTimeout as delay } from "node:timers/promises";
import type { Ledger } from "../ledger/ledger.ts";
import type { Head } from "../near/head.ts";

/** Pause between two rounds, in milliseconds. */
const PAUSE_MS = 60_000;

/**
 * Deletes replay marks of delegates that can never be executed again: a final block is above their
 * max_block_height. Runs until `signal` aborts; what fails is tried again in the next round.
 */
export async function pruneMarks(
  options: { network: string; ledger: Ledger; head: Head; onFailed: (error: unknown) => void },
  signal: AbortSignal,
): Promise<void> {
  const { network, ledger, head, onFailed } = options;
  while (!signal.aborted) {
    try {
      const height = await head.lowest();
      while (!signal.aborted && (await ledger.pruneReplayMarks(network, height)) > 0);
    } catch (error) {
      if (!signal.aborted) onFailed(error);
    }
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}
