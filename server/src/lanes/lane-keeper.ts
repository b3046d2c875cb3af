import { setTimeout as delay } from "node:timers/promises";
import { FencedError } from "../ledger/errors.ts";
import type { Lane, LaneToken, Ledger } from "../ledger/ledger.ts";
import type { LaneReport } from "./lane-state.ts";
import { LaneWorker, type LaneWorkerOptions } from "./lane-worker.ts";
import type { DealtLane } from "./work-dealer.ts";

export interface LaneKeeperOptions {
  readonly lane: Lane;
  /** Names this process among the replicas; another one after each start. */
  readonly owner: string;
  /** How long the lane of a process that died stays its own, at most. */
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

/** Of its time, the share (1 / this) after which a lease is renewed, and after which others look whether it ran out. */
const LOOKS_PER_LEASE = 4;

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

  /** Tells the lane's worker that it may go on, or has to stop. */
  wake(): void {
    this.#worker?.wake();
  }

  /** How the lane may be given work; undefined while another process holds it. */
  get dealt(): DealtLane | undefined {
    const worker = this.#worker;
    if (worker === undefined) return undefined;
    const { accountId } = this.#options.lane;
    return { accountId, ...worker.place, offer: (count) => worker.offer(count) };
  }

  get report(): LaneReport {
    const { accountId, keyId } = this.#options.lane;
    const { state = "standby", window = 0, inWindow = 0 } = this.#worker ?? {};
    return { accountId, keyId, state, window, inWindow };
  }

  /** Runs until `signal` aborts, then gives the lease back. Never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { lane, leaseMs, ledger, owner, now, events } = this.#options;
    while (!signal.aborted) {
      try {
        const lease = await ledger.acquireLane(lane.id, owner, now(), this.#ttlMs);
        if (lease !== null) {
          const token = { laneId: lane.id, epoch: lease.epoch };
          events.laneAcquired({ laneId: String(lane.id) });
          await this.#work(token, signal);
        }
      } catch (error) {
        if (!signal.aborted) events.laneLost({ laneId: String(lane.id), error });
      }
      await delay(leaseMs / LOOKS_PER_LEASE, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Ends so early that whoever looks next for a lane whose owner died has it within the lease's time. */
  get #ttlMs(): number {
    const { leaseMs } = this.#options;
    return Math.ceil(leaseMs - leaseMs / LOOKS_PER_LEASE);
  }

  async #work(token: LaneToken, signal: AbortSignal): Promise<void> {
    const { ledger, worker } = this.#options;
    const lost = new AbortController();
    const onStop = () => lost.abort();
    signal.addEventListener("abort", onStop, { once: true });
    // The lease may have come when it was stopped already.
    if (signal.aborted) onStop();
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
    let heldUntil = now().getTime() + this.#ttlMs;
    while (!lost.signal.aborted) {
      await delay(leaseMs / LOOKS_PER_LEASE, undefined, { signal: lost.signal }).catch(() => undefined);
      if (lost.signal.aborted) return;
      const asked = now();
      try {
        if (await ledger.renewLane(token, asked, this.#ttlMs)) heldUntil = asked.getTime() + this.#ttlMs;
        else lost.abort(new FencedError("the lease was taken over"));
      } catch (error) {
        if (now().getTime() >= heldUntil) lost.abort(error);
      }
    }
  }
}
