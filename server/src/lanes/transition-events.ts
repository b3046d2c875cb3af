import type { SubmissionState } from "../tx/states.ts";
import type { Work } from "./work.ts";

/** A change of state that is in the ledger. */
export interface SubmissionTransition {
  readonly submissionId: string;
  readonly kind: string;
  readonly from: SubmissionState;
  readonly to: SubmissionState;
  /** Spent in the state before. */
  readonly seconds: number;
  readonly reason?: string | undefined;
  readonly txHash?: string | undefined;
}

export interface TransitionEventsOptions {
  readonly now: () => Date;
  readonly events: { submissionTransition(event: SubmissionTransition): void };
}

/** Tells of each submission's changes of state, and how long each state lasted. */
export class TransitionEvents {
  readonly #options: TransitionEventsOptions;
  /** The state of each submission and since when. */
  readonly #states = new Map<string, { state: SubmissionState; since: Date }>();

  constructor(options: TransitionEventsOptions) {
    this.#options = options;
  }

  /** Says that a state is in the ledger; `at` is when it was entered, where that was before now. */
  moved(
    work: Work,
    to: SubmissionState,
    {
      at = this.#options.now(),
      ...more
    }: Pick<SubmissionTransition, "reason" | "txHash"> & { at?: Date } = {},
  ): void {
    const { submissionId, kind } = work;
    const { events } = this.#options;
    const before = this.#states.get(submissionId) ?? { state: work.state, since: work.createdAt };
    this.#states.set(submissionId, { state: to, since: at });
    const seconds = (at.getTime() - before.since.getTime()) / 1000;
    events.submissionTransition({ submissionId, kind, from: before.state, to, seconds, ...more });
  }

  /** Says that a submission has entered its last state. */
  ended(work: Work, to: SubmissionState, reason: string | undefined): void {
    this.moved(work, to, { reason });
    this.#states.delete(work.submissionId);
  }
}
