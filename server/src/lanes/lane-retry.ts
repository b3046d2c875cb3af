import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "@countersign/service-kit";
import { LedgerUnavailableError } from "../ledger/errors.ts";
import { ChainError } from "../near/chain-error.ts";
import { type LaneTrouble, troubleOfStep } from "./lane-trouble.ts";

/** Pause before what failed for a passing reason is tried again, in milliseconds. */
const RETRY_MS = 250;
/** Most that a pause grows: eightfold. */
const MOST_DOUBLINGS = 3;

/** What a lane was doing when it had to try again; "replace": a transaction can never land. */
export type LaneStep = "ledger" | "signer" | "head" | "nonce" | "replace";

export interface LaneRetryOptions {
  readonly laneId: number;
  readonly random: () => number;
  readonly events: {
    laneRetrying(event: { laneId: string; step: LaneStep; error: unknown; pauseMs: number }): void;
    laneTrouble(event: { laneId: string; trouble: LaneTrouble }): void;
  };
  /** Ends every pause: then its reason is thrown. */
  readonly signal: AbortSignal;
}

/** Has a lane's steps tried again while they fail for reasons that pass, with a pause before each. */
export class LaneRetry {
  readonly #options: LaneRetryOptions;
  /** What is tried again now, and how often at once. */
  readonly #failing = new Map<LaneStep, number>();

  constructor(options: LaneRetryOptions) {
    this.#options = options;
  }

  /** What fails now and is tried again. */
  get failing(): ReadonlySet<LaneStep> {
    return new Set(this.#failing.keys());
  }

  /** Tries until it works, fails for good or the lane stops. */
  async run<T>(step: LaneStep, attempt: () => Promise<T>): Promise<T> {
    const { signal, laneId, events } = this.#options;
    let hasFailed = false;
    try {
      for (;;) {
        signal.throwIfAborted();
        try {
          return await attempt();
        } catch (error) {
          if (!isPassing(error)) throw error;
          const trouble = troubleOfStep(step, error);
          if (trouble !== undefined) events.laneTrouble({ laneId: String(laneId), trouble });
          if (!hasFailed) this.#failing.set(step, (this.#failing.get(step) ?? 0) + 1);
          hasFailed = true;
          await this.pause(step, error);
        }
      }
    } finally {
      if (hasFailed) this.#worksAgain(step);
    }
  }

  #worksAgain(step: LaneStep): void {
    const others = (this.#failing.get(step) ?? 1) - 1;
    if (others > 0) this.#failing.set(step, others);
    else this.#failing.delete(step);
  }

  /** Tells why, and waits before the next try: twice as long after each failure in a row, up to eight times. */
  async pause(step: LaneStep, error: unknown, failures = 1): Promise<void> {
    const { random, events, laneId, signal } = this.#options;
    const pauseMs = RETRY_MS * (0.5 + random()) * 2 ** Math.min(failures - 1, MOST_DOUBLINGS);
    events.laneRetrying({ laneId: String(laneId), step, error, pauseMs });
    await delay(pauseMs, undefined, { signal });
  }
}

/** Whether an error says nothing about the work itself: the chain, the signer or the ledger was not there. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof ChainError || error instanceof DomainError || error instanceof LedgerUnavailableError
  );
}
