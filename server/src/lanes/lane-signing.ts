import type { Head } from "../near/head.ts";
import type { Attempt } from "./delivery.ts";
import type { LaneNonces } from "./lane-nonces.ts";
import type { LaneRecord } from "./lane-record.ts";
import type { LaneRetry } from "./lane-retry.ts";
import type { LaneTrouble } from "./lane-trouble.ts";
import type { ChainReads } from "./never-lands.ts";
import {
  type LaneKey,
  nameBlock,
  type SignedBatch,
  signBatch,
  type TransactionSigner,
} from "./sign-batch.ts";
import type { UnsignedWork } from "./unsigned-work.ts";
import { expiredEnd, expiresSoon, isExpired, type Work } from "./work.ts";

export interface LaneSigningOptions {
  readonly network: string;
  readonly key: LaneKey;
  readonly signer: TransactionSigner;
  readonly head: Head;
  readonly chain: ChainReads;
  readonly signal: AbortSignal;
  readonly onTrouble: (trouble: LaneTrouble) => void;
  /** Takes what is signed and stored, in nonce order, to be sent. */
  readonly onSigned: (work: Work, attempt: Attempt) => void;
  /** What rested may be signed again. Never throws. */
  readonly onRested: () => void;
}

/** Has a lane's submissions signed. What the signer does not sign yet goes back to the unsigned work. */
export class LaneSigning {
  readonly #options: LaneSigningOptions;
  readonly #retry: LaneRetry;
  readonly #nonces: LaneNonces;
  readonly #record: LaneRecord;
  readonly #unsigned: UnsignedWork;
  /** Submissions that the signer did not sign, and that keep their place in the window. */
  readonly #resting = new Set<string>();
  readonly #rests = new Set<Promise<void>>();
  #keyWaits = false;

  constructor(
    options: LaneSigningOptions,
    parts: { retry: LaneRetry; nonces: LaneNonces; record: LaneRecord; unsigned: UnsignedWork },
  ) {
    this.#options = options;
    this.#retry = parts.retry;
    this.#nonces = parts.nonces;
    this.#record = parts.record;
    this.#unsigned = parts.unsigned;
  }

  /** How many submissions rest, each in its place in the window. */
  get resting(): number {
    return this.#resting.size;
  }

  /** Whether the signer signed nothing with the key when it was asked last, and is to be asked again. */
  get keyWaits(): boolean {
    return this.#keyWaits && this.#unsigned.due > 0;
  }

  /** Resolves, once the signal has aborted, when nothing rests any more. */
  async stopped(): Promise<void> {
    await Promise.allSettled(this.#rests);
  }

  /** Signs a batch, stores the signed bytes and only then starts to send them, in nonce order. */
  async sign(batch: readonly Work[]): Promise<void> {
    const { head, chain, signal, onSigned } = this.#options;
    const known = await this.#retry.run("head", () => head.get());
    const isTight = batch.some((work) => expiresSoon(work, known.height));
    const newest = isTight ? await this.#retry.run("head", () => head.newest()) : known;
    // The chain or the signer may have been away for long: time may be over.
    const expired = batch.filter((work) => isExpired(work, newest.height));
    for (const work of expired) await this.#record.ended(work, expiredEnd(work));
    // So may what an operator has held meanwhile be: it waits.
    const due = this.#unsigned.sift(batch.filter((work) => !isExpired(work, newest.height)));
    const named = due.map((work) => nameBlock(work, newest, chain.validityBlocks));
    if (named.length === 0) return;
    const { signed, refused, unsigned } = await signBatch(named, this.#options, signal);
    if (signed.length > 0) await this.#record.signed(signed);
    for (const { attempt } of signed) this.#nonces.noteUsed(attempt.nonce);
    for (const { work, attempt } of signed) onSigned({ ...work, state: "SIGNED", refusals: 0 }, attempt);
    for (const { work, end } of refused) await this.#record.ended(work, end);
    this.#keyWaits = signed.length === 0 && unsigned.some(({ why }) => why.kind === "waits" && why.forKey);
    if (unsigned.length > 0) await this.#putBack(unsigned);
  }

  /**
   * Keeps what may be signed later, after a pause, so that the signer is not asked without end. The lane pauses where
   * the key signs nothing; else what was not signed rests alone.
   */
  async #putBack(unsigned: SignedBatch["unsigned"]): Promise<void> {
    const again = unsigned.map(({ work }) => ({ ...work, refusals: work.refusals + 1 }));
    for (const { work, why } of unsigned) {
      if (why.kind !== "other nonce") continue;
      this.#nonces.noteUsed(work.nonce);
      this.#nonces.doubt();
    }
    const reasons = new Set(unsigned.map(({ why }) => why.reason));
    this.#options.onTrouble(reasons.has("SIGNER_UNAVAILABLE") ? "signer-down" : "signer-refused");
    const failures = Math.min(...again.map(({ refusals }) => refusals));
    const error = new Error(`not signed yet: ${[...reasons].join(", ")}`);
    const pause = this.#retry.pause("signer", error, failures);
    if (unsigned.some(({ why }) => why.kind === "waits" && why.forKey)) {
      this.#unsigned.add(...again);
      await pause;
      return;
    }
    // What rests keeps its place in the window: a signer that refuses everything is not fed the whole queue.
    for (const { submissionId } of again) this.#resting.add(submissionId);
    const rested = pause
      .then(() => {
        for (const { submissionId } of again) this.#resting.delete(submissionId);
        this.#unsigned.add(...again);
        this.#options.onRested();
      })
      // A pause ends early when the lane stops, and only then.
      .catch(() => undefined)
      .finally(() => this.#rests.delete(rested));
    this.#rests.add(rested);
  }
}
