import { setTimeout as delay } from "node:timers/promises";
import { FencedError } from "../ledger/errors.ts";
import type { Lane, LaneToken, Ledger } from "../ledger/ledger.ts";
import { LaneWorker, type LaneWorkerOptions } from "./lane-worker.ts";

export interface LaneKeeperOptions {
  readonly lane: Lane;
  /** Names this process among the replicas; another one after each start. */
  readonly owner: string;
  readonly leaseMs: number;
  readonly ledger: Ledger;
  readonly now: () => Date;
  readonly events: LaneKeeperEvents;
  /** What a worker needs, besides the token that it works under. */
  readonly worker: Omit<LaneWorkerOptions, "token">;
}

/** What the keeper tells of its lane. */
export interface LaneKeeperEvents {
  laneAcquired(event: { laneId: string }): void;
  laneLost(event: { laneId: string; error: unknown }): void;
}

/**
 * Keeps one lane running: takes its lease when it is free, works while it is held, and starts over when it is
 * lost or the worker fails. Of several replicas one works; another takes over within the lease's time.
 */
export class LaneKeeper {
  readonly #options: LaneKeeperOptions;
  #worker: LaneWorker | undefined;

  constructor(options: LaneKeeperOptions) {
    this.#options = options;
  }

  /** Whether this process holds the lane now. */
  get holds(): boolean {
    return this.#worker !== undefined;
  }

  /** Tells the lane's worker that there may be something to do. */
  wake(): void {
    this.#worker?.wake();
  }

  /** Runs until `signal` aborts, then gives the lease back. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { lane, leaseMs, ledger, owner, now, events } = this.#options;
    while (!signal.aborted) {
      try {
        const lease = await ledger.acquireLane(lane.id, owner, now(), leaseMs);
        if (lease !== null) {
          const token = { laneId: lane.id, epoch: lease.epoch };
          events.laneAcquired({ laneId: String(lane.id) });
          await this.#work(token, signal);
        }
      } catch (error) {
        if (!signal.aborted) events.laneLost({ laneId: String(lane.id), error });
      }
      await delay(leaseMs / 4, undefined, { signal }).catch(() => undefined);
    }
  }

  async #work(token: LaneToken, signal: AbortSignal): Promise<void> {
    const { ledger, worker } = this.#options;
    const lost = new AbortController();
    const onStop = () => lost.abort();
    signal.addEventListener("abort", onStop, { once: true });
    const renewing = this.#renew(token, lost);
    this.#worker = new LaneWorker({ ...worker, token });
    try {
      await this.#worker.run(lost.signal);
      if (!signal.aborted) lost.signal.throwIfAborted();
    } finally {
      signal.removeEventListener("abort", onStop);
      this.#worker = undefined;
      lost.abort();
      await renewing;
      await ledger.releaseLane(token).catch(() => undefined);
    }
  }

  /** Renews the lease in time; aborts `lost` when it is gone, or when it ran out unanswered. */
  async #renew(token: LaneToken, lost: AbortController): Promise<void> {
    const { leaseMs, ledger, now } = this.#options;
    let heldUntil = now().getTime() + leaseMs;
    while (!lost.signal.aborted) {
      await delay(leaseMs / 4, undefined, { signal: lost.signal }).catch(() => undefined);
      if (lost.signal.aborted) return;
      const asked = now();
      try {
        if (await ledger.renewLane(token, asked, leaseMs)) heldUntil = asked.getTime() + leaseMs;
        else lost.abort(new FencedError("the lease was taken over"));
      } catch (error) {
        if (now().getTime() >= heldUntil) lost.abort(error);
      }
    }
  }
}
