import { setTimeout as delay } from "node:timers/promises";
import type { AuditStore } from "../ledger/audit-types.ts";
import type { AuditKey } from "./audit-key.ts";
import { hashEntry } from "./entry-hash.ts";

/** Pause between two rounds of chaining, in milliseconds. */
const PAUSE_MS = 500;
/** Pause between two rounds of pruning, in milliseconds. */
const PRUNE_MS = 60_000;
/** How long another process's batch may take, in milliseconds. */
const OTHER_BATCH_MS = 100;
const CHAIN_BATCH = 500;
const PRUNE_BATCH = 1_000;
const DAY_MS = 86_400_000;

export interface AuditKeeperOptions {
  readonly store: AuditStore;
  readonly key: AuditKey;
  readonly now: () => Date;
  /** How often the heads of grown chains are signed, in milliseconds; 60 s without it. */
  readonly headIntervalMs?: number;
  /** Entries older than this are deleted, up to a signed head; 0 keeps all. */
  readonly retentionDays: number;
  /** What failed is tried again in the next round. */
  readonly onFailed: (error: unknown) => void;
}

/** Chains what is recorded, signs where the chains stand, and deletes what is old. Every replica runs one. */
export class AuditKeeper {
  readonly #options: AuditKeeperOptions;

  constructor(options: AuditKeeperOptions) {
    this.#options = options;
  }

  /** Runs until `signal` aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { now, headIntervalMs = 60_000 } = this.#options;
    let signedAt = now().getTime();
    let prunedAt = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      const more = await this.#attempt(() => this.#chainBatch());
      if (now().getTime() - signedAt >= headIntervalMs) {
        signedAt = now().getTime();
        await this.#attempt(() => this.signHeads());
      }
      if (now().getTime() - prunedAt >= PRUNE_MS) {
        prunedAt = now().getTime();
        await this.#attempt(() => this.prune(signal));
      }
      if (more !== true) await delay(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Chains everything that was recorded before the call. Throws LedgerUnavailableError. Another process may be at it:
   * the store answers 0 then too, so that it is asked once more when that one's batch is done.
   */
  async chainNow(): Promise<void> {
    while (await this.#chainBatch());
    await delay(OTHER_BATCH_MS);
    while (await this.#chainBatch());
  }

  /** Signs the heads of the chains that have grown since their last signed head. */
  async signHeads(): Promise<void> {
    const { store, key, now } = this.#options;
    for (const head of await store.unsignedAuditHeads()) {
      await store.putAuditHead(key.sign({ ...head, at: now() }));
    }
  }

  /** Deletes what is older than the retention, up to the newest signed head of that age. */
  async prune(signal?: AbortSignal): Promise<void> {
    const { store, now, retentionDays } = this.#options;
    if (retentionDays === 0) return;
    const before = new Date(now().getTime() - retentionDays * DAY_MS);
    for (const checkpoint of await store.prunableAudit(before)) {
      while (!signal?.aborted && (await store.pruneAudit(checkpoint, PRUNE_BATCH)) > 0);
    }
  }

  /** Whether more may be waiting. A batch that is not full was the last: a busy relay never stops recording. */
  async #chainBatch(): Promise<boolean> {
    return (await this.#options.store.chainAudit(hashEntry, CHAIN_BATCH)) >= CHAIN_BATCH;
  }

  async #attempt<T>(step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      this.#options.onFailed(error);
      return undefined;
    }
  }
}
