import type { LaneToken, Ledger, ProgressItem, ProgressState, TerminalItem } from "../ledger/ledger.ts";
import { WriteBatch } from "../ledger/write-batch.ts";
import type { LaneRetry } from "./lane-retry.ts";
import type { SignedWork } from "./sign-batch.ts";
import { TransitionEvents, type TransitionEventsOptions } from "./transition-events.ts";
import type { End, Work } from "./work.ts";

export interface LaneRecordOptions extends TransitionEventsOptions {
  readonly token: LaneToken;
  readonly ledger: Ledger;
}

/**
 * What a lane writes of its submissions, and tells once it is in the ledger. Each write is repeated until it is answered,
 * and throws FencedError when the lane is lost.
 */
export class LaneRecord {
  readonly #options: LaneRecordOptions;
  readonly #retry: LaneRetry;
  readonly #progress: WriteBatch<ProgressItem>;
  readonly #ends: WriteBatch<TerminalItem>;
  readonly #transitions: TransitionEvents;

  constructor(options: LaneRecordOptions, retry: LaneRetry) {
    const { ledger, token } = options;
    this.#options = options;
    this.#retry = retry;
    this.#transitions = new TransitionEvents(options);
    this.#progress = new WriteBatch((items) => this.#persist(() => ledger.recordProgress(token, items)));
    this.#ends = new WriteBatch((items) => this.#persist(() => ledger.recordTerminal(token, items)));
  }

  async signed(signed: readonly SignedWork[]): Promise<void> {
    const { ledger, token, now } = this.#options;
    const items = signed.map(({ attempt }) => ({
      submissionId: attempt.submissionId,
      nonce: attempt.nonce,
      transactionHash: attempt.hash,
      signedTransaction: attempt.signed,
      blockHashHeight: attempt.blockHashHeight,
      at: now(),
    }));
    await this.#persist(() => ledger.recordSigned(token, items));
    for (const { work, attempt } of signed) this.#transitions.moved(work, "SIGNED", { txHash: attempt.hash });
  }

  /** `sentAt` is when it was sent, where no state says so yet: it enters BROADCAST, too, if `to` comes after that. */
  async reached(work: Work, to: ProgressState, sentAt?: Date): Promise<void> {
    const { submissionId } = work;
    if (to === "BROADCAST") {
      const at = sentAt ?? this.#options.now();
      await this.#progress.add({ submissionId, to, at });
      this.#transitions.moved(work, to, { at });
    } else {
      await this.#progress.add({ submissionId, to, at: this.#options.now(), sentAt });
      this.#passed(work, sentAt);
      this.#transitions.moved(work, to);
    }
  }

  /** As above. */
  async ended(work: Work, end: End, sentAt?: Date): Promise<void> {
    await this.#ends.add({ submissionId: work.submissionId, at: this.#options.now(), ...end, sentAt });
    this.#passed(work, sentAt);
    this.#transitions.ended(work, end.to, end.failure?.reason);
  }

  #passed(work: Work, sentAt: Date | undefined): void {
    if (sentAt !== undefined) this.#transitions.moved(work, "BROADCAST", { at: sentAt });
  }

  /** Each of these writes may be repeated. */
  #persist<T>(write: () => Promise<T>): Promise<T> {
    return this.#retry.run("ledger", write);
  }
}
