import { setTimeout as delay } from "node:timers/promises";
import type { BudgetStore } from "../ledger/ledger.ts";

/** How often old counters are looked for, in milliseconds. */
const PAUSE_MS = 3_600_000;
/** Counters are kept this long after their period has ended: a submission that is open so long is settled nowhere. */
const KEPT_MS = 62 * 86_400_000;

export interface BudgetPrunerOptions {
  readonly ledger: Pick<BudgetStore, "pruneBudgets">;
  readonly now: () => Date;
  /** Told when it failed: it is tried again. */
  readonly onFailed: (error: unknown) => void;
}

/** Deletes the counters of budgets whose period is long over, until `signal` aborts. Never throws. */
export async function pruneBudgets(
  { ledger, now, onFailed }: BudgetPrunerOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const before = new Date(now().getTime() - KEPT_MS);
      while (!signal.aborted && (await ledger.pruneBudgets(before)) > 0);
    } catch (error) {
      onFailed(error);
    }
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}
