import { setTimeout as delay } from "node:timers/promises";
import type { Waiting, WaitingQuery } from "../ledger/ledger.ts";
import { fairShares, type LanePlace } from "./fair-shares.ts";

/** How often the queue is looked at for what another replica accepted, or gave back, in milliseconds. */
const POLL_MS = 500;
/** Between two looks, in milliseconds, at least and at most: what comes in a burst is shared out at once. */
const MIN_GAP_MS = 5;
const MAX_GAP_MS = 25;
/** How many times as long as a look took the next one waits: looking takes a bounded share of a busy ledger's time. */
const GAP_PER_LOOK = 3;
/** Most submissions that are shared out by one look. */
const MOST = 512;

/** A lane of this process that takes work. */
export interface DealtLane extends LanePlace {
  /** How many it was let claim and has not yet. */
  readonly offered: number;
  /** Whether it signs what it has first: its share waits until it comes for it. */
  readonly isBusy: boolean;
  /** Lets the lane claim that many. */
  offer(count: number): void;
}

export interface WorkDealerOptions {
  /** The lanes that this process holds and that take work now. */
  readonly lanes: () => readonly DealtLane[];
  readonly waiting: (query: Pick<WaitingQuery, "limit" | "accountIds">) => Promise<Waiting>;
  /** Told when the queue could not be looked at; it is looked at again. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Shares what waits out to the lanes of this process, each submission to the least loaded, so that no lane takes a whole
 * window while others idle and only lanes claim that have something to claim.
 */
export class WorkDealer {
  readonly #options: WorkDealerOptions;
  #wake = Promise.withResolvers<void>();
  /** Whether something was left in the queue when it was looked at last. */
  #left = true;

  constructor(options: WorkDealerOptions) {
    this.#options = options;
  }

  /** Something was accepted. */
  wake(): void {
    this.#wake.resolve();
  }

  /** A lane has room again, or what had to go before others is in a block. */
  freed(): void {
    if (this.#left) this.#wake.resolve();
  }

  /** Runs until `signal` aborts. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.wake(), { once: true });
    while (!signal.aborted) {
      this.#wake = Promise.withResolvers();
      const began = performance.now();
      try {
        await this.#deal();
      } catch (error) {
        this.#left = true;
        if (!signal.aborted) this.#options.onFailed(error);
        await delay(POLL_MS, undefined, { signal }).catch(() => undefined);
      }
      const gap = (performance.now() - began) * GAP_PER_LOOK;
      await delay(Math.max(MIN_GAP_MS, Math.min(gap, MAX_GAP_MS)), undefined, { signal }).catch(
        () => undefined,
      );
      const timer = setTimeout(() => this.wake(), POLL_MS);
      await this.#wake.promise;
      clearTimeout(timer);
    }
  }

  async #deal(): Promise<void> {
    const lanes = this.#options.lanes();
    const room = lanes.reduce((sum, lane) => sum + lane.room, 0);
    const canTake = lanes.some((lane) => lane.room > 0 && !lane.isBusy);
    const offered = lanes.reduce((sum, lane) => sum + lane.offered, 0);
    this.#left = true;
    if (!canTake) return;
    // What only lanes without room may take would stand before what others could have.
    const open = lanes.filter((lane) => lane.room > 0 || lane.offered > 0);
    const accountIds = [...new Set(open.map(({ accountId }) => accountId))];
    const limit = offered + Math.min(room, MOST);
    const { accounts, more } = await this.#options.waiting({ limit, accountIds });
    // The oldest are about to be claimed.
    const waiting = accounts.slice(offered);
    const shares = fairShares(waiting, lanes);
    let given = 0;
    for (const [i, lane] of lanes.entries()) {
      const share = lane.isBusy ? 0 : (shares[i] ?? 0);
      if (share > 0) lane.offer(share);
      given += share;
    }
    this.#left = more || given < waiting.length;
  }
}
