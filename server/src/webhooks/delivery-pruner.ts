import { setTimeout as delay } from "node:timers/promises";
import type { WebhookStore } from "../ledger/webhook-types.ts";

/** How often old deliveries are looked for, in milliseconds. */
const PAUSE_MS = 600_000;
const DAY_MS = 86_400_000;
/** A webhook's row stays this long after its end: a submission that ended at the same moment may still note a delivery. */
const DELETED_MS = 3_600_000;

export interface DeliveryPrunerOptions {
  readonly store: Pick<WebhookStore, "pruneDeliveries">;
  readonly deliveredDays: number;
  readonly deadDays: number;
  readonly now: () => Date;
  /** Told when it failed: it is tried again. */
  readonly onFailed: (error: unknown) => void;
}

/** Deletes deliveries that nobody looks at any more, until `signal` aborts. Never throws. */
export async function pruneDeliveries(
  { store, deliveredDays, deadDays, now, onFailed }: DeliveryPrunerOptions,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const ago = (ms: number) => new Date(now().getTime() - ms);
      const before = {
        delivered: ago(deliveredDays * DAY_MS),
        dead: ago(deadDays * DAY_MS),
        deleted: ago(DELETED_MS),
      };
      while (!signal.aborted && (await store.pruneDeliveries(before)) > 0);
    } catch (error) {
      onFailed(error);
    }
    await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}
