import type { LaneToken, LaneWork, Ledger, ProgressItem, TerminalItem } from "../ledger/ledger.ts";
import type { Head } from "../near/head.ts";
import { type Attempt, type DeliveryEnd, deliver } from "./delivery.ts";
import { LaneNonces } from "./lane-nonces.ts";
import { LaneRetry, type LaneStep } from "./lane-retry.ts";
import type { ChainReads } from "./never-lands.ts";
import {
  type LaneKey,
  nameBlock,
  type SignedBatch,
  type SignedWork,
  signBatch,
  type TransactionSigner,
} from "./sign-batch.ts";
import { type SubmissionTransition, TransitionEvents } from "./transition-events.ts";
import { type Holds, UnsignedWork } from "./unsigned-work.ts";
import { attemptOf, type End, expiredEnd, finalEnd, isExpired, refusedByChain, type Work } from "./work.ts";
import { WriteBatch } from "./write-batch.ts";

/** How often the ledger is asked for work that another replica accepted, in milliseconds. */
const POLL_MS = 500;
/** Most transactions that are signed by one call: the signer's contract takes no more. */
const MAX_BATCH = 64;

/** What the lane tells of itself. */
export interface LaneEvents {
  submissionTransition(event: SubmissionTransition): void;
  /** A step failed for a passing reason and is tried again. */
  laneRetrying(event: {
    laneId: string;
    step: LaneStep;
    error: unknown;
    /** Until the next try; undefined where it follows at once. */
    pauseMs?: number | undefined;
  }): void;
}

export interface LaneWorkerOptions {
  readonly network: string;
  readonly key: LaneKey;
  readonly token: LaneToken;
  /** Most transactions that are signed and not yet known to stand in a block. */
  readonly window: number;
  readonly ledger: Ledger;
  readonly signer: TransactionSigner;
  readonly head: Head;
  readonly chain: ChainReads;
  readonly now: () => Date;
  readonly random: () => number;
  readonly events: LaneEvents;
  readonly readWork: (stored: LaneWork) => Work;
  readonly holds: () => Holds;
  /** Whether the signer signs with the key now: it may be paused there, or not active. */
  readonly keySigns: () => boolean;
}

/**
 * Does one lane's work while it holds the lane: claims what was accepted, signs it, stores the signed bytes,
 * sends them in nonce order and follows each to its end. Whatever an earlier owner left open is taken up first.
 */
export class LaneWorker {
  readonly #options: LaneWorkerOptions;
  readonly #stop = new AbortController();
  readonly #progress: WriteBatch<ProgressItem>;
  readonly #ends: WriteBatch<TerminalItem>;
  readonly #unsigned: UnsignedWork;
  readonly #retry: LaneRetry;
  readonly #nonces: LaneNonces;
  /** Deliveries and rests under way. */
  readonly #background = new Set<Promise<void>>();
  /** Submissions that are signed and not known to stand in a block, or rest. */
  readonly #inWindow = new Set<string>();
  readonly #transitions: TransitionEvents;
  /** Whether the signer signed nothing with the key when it was asked last. */
  #keyWaits = false;
  #wake = Promise.withResolvers<void>();

  constructor(options: LaneWorkerOptions) {
    this.#options = options;
    const { ledger, token, holds } = options;
    this.#retry = new LaneRetry({ ...options, laneId: token.laneId, signal: this.#stop.signal });
    this.#nonces = new LaneNonces(options, this.#retry, this.#stop.signal);
    this.#transitions = new TransitionEvents(options);
    this.#unsigned = new UnsignedWork(holds);
    this.#progress = new WriteBatch((items) => this.#persist(() => ledger.recordProgress(token, items)));
    this.#ends = new WriteBatch((items) => this.#persist(() => ledger.recordTerminal(token, items)));
  }

  /** Tells the worker that there may be something to do. */
  wake(): void {
    this.#wake.resolve();
  }

  /**
   * Works until `signal` aborts or the lane is lost, then waits until nothing of it runs any more. What is
   * open stays in the ledger for the next owner. Throws FencedError when the lane was lost.
   */
  async run(signal: AbortSignal): Promise<void> {
    const onAbort = () => this.#stop.abort(signal.reason);
    this.#stop.signal.addEventListener("abort", () => this.wake(), { once: true });
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await this.#resume();
      while (!this.#stop.signal.aborted) await this.#round();
    } catch (error) {
      this.#stop.abort(error);
    } finally {
      signal.removeEventListener("abort", onAbort);
      await Promise.allSettled(this.#background);
    }
    if (!signal.aborted) throw this.#stop.signal.reason;
  }

  async #resume(): Promise<void> {
    const { ledger, token, key, readWork } = this.#options;
    for (const stored of await this.#persist(() => ledger.openWork(token.laneId))) {
      const work = readWork(stored);
      this.#nonces.noteUsed(work.nonce);
      const attempt = attemptOf(work, key);
      if (attempt === null) this.#unsigned.add(work);
      else this.#launch(work, attempt);
    }
  }

  async #round(): Promise<void> {
    const { window, holds, keySigns } = this.#options;
    const capacity = Math.min(window - this.#inWindow.size, MAX_BATCH);
    this.#wake = Promise.withResolvers();
    if (!keySigns()) await this.#release();
    const batch = capacity > 0 && keySigns() && !holds().lane ? await this.#take(capacity) : [];
    if (batch.length > 0) {
      await this.#sign(batch);
      return;
    }
    const timer = setTimeout(() => this.wake(), POLL_MS);
    await this.#wake.promise;
    clearTimeout(timer);
  }

  /** Gives back what never had a transaction, for lanes whose keys sign. The rest waits for the key. */
  async #release(): Promise<void> {
    const { ledger, token } = this.#options;
    const submissionIds = this.#unsigned.takeNeverSigned().map(({ submissionId }) => submissionId);
    if (submissionIds.length > 0) await this.#persist(() => ledger.release(token, submissionIds));
  }

  /** What waits for another try first, then what it claims. */
  async #take(limit: number): Promise<Work[]> {
    const { ledger, token, readWork } = this.#options;
    const floor = await this.#nonces.floor();
    // The chain may have been away for long: holds are those of now.
    const { lane, tenants: heldTenants } = this.#options.holds();
    if (lane) return [];
    const again = await this.#nonces.renew(this.#unsigned.take(limit), floor);
    const room = limit - again.length;
    // While the key signs nothing, the rest is left to other lanes.
    if (room === 0 || (this.#keyWaits && again.length > 0)) return again;
    // Not repeated here: when the answer is lost, the claim may stand, and only a fresh start sees what it took.
    const claimed = await ledger.claim({ ...token, limit: room, nonceFloor: floor, heldTenants });
    return [...again, ...claimed.map(readWork)];
  }

  /** Signs a batch, stores the signed bytes and only then starts to send them, in nonce order. */
  async #sign(batch: readonly Work[]): Promise<void> {
    const { head, chain } = this.#options;
    const newest = await this.#retry.run("head", () => head.get());
    // The chain or the signer may have been away for long: time may be over.
    const expired = batch.filter((work) => isExpired(work, newest.height));
    for (const work of expired) await this.#end(work, expiredEnd(work));
    // So may what an operator has held meanwhile be: it waits.
    const due = this.#unsigned.sift(batch.filter((work) => !isExpired(work, newest.height)));
    const named = due.map((work) => nameBlock(work, newest, chain.validityBlocks));
    if (named.length === 0) return;
    const { signed, refused, unsigned } = await signBatch(named, this.#options, this.#stop.signal);
    if (signed.length > 0) await this.#send(signed);
    for (const { work, end } of refused) await this.#end(work, end);
    this.#keyWaits = signed.length === 0 && unsigned.some(({ why }) => why.kind === "waits" && why.forKey);
    if (unsigned.length > 0) await this.#putBack(unsigned);
  }

  async #send(signed: readonly SignedWork[]): Promise<void> {
    await this.#recordSigned(signed.map(({ attempt }) => attempt));
    for (const { work, attempt } of signed) {
      this.#nonces.noteUsed(attempt.nonce);
      this.#transitions.moved(work, "SIGNED", { txHash: attempt.hash });
    }
    for (const { work, attempt } of signed) this.#launch({ ...work, state: "SIGNED", refusals: 0 }, attempt);
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
    const reasons = [...new Set(unsigned.map(({ why }) => why.reason))].join(", ");
    const failures = Math.min(...again.map(({ refusals }) => refusals));
    const pause = this.#retry.pause("signer", new Error(`not signed yet: ${reasons}`), failures);
    if (unsigned.some(({ why }) => why.kind === "waits" && why.forKey)) {
      this.#unsigned.add(...again);
      await pause;
      return;
    }
    // What rests keeps its place in the window: a signer that refuses everything is not fed the whole queue.
    const ids = again.map(({ submissionId }) => submissionId);
    for (const id of ids) this.#inWindow.add(id);
    this.#inBackground(
      pause.then(() => this.#unsigned.add(...again)),
      ids,
    );
  }

  async #recordSigned(attempts: readonly Attempt[]): Promise<void> {
    const { ledger, token, now } = this.#options;
    const items = attempts.map((attempt) => ({
      submissionId: attempt.submissionId,
      nonce: attempt.nonce,
      transactionHash: attempt.hash,
      signedTransaction: attempt.signed,
      blockHashHeight: attempt.blockHashHeight,
      at: now(),
    }));
    await this.#persist(() => ledger.recordSigned(token, items));
  }

  #launch(work: Work, attempt: Attempt): void {
    if (work.state !== "INCLUDED") this.#inWindow.add(work.submissionId);
    this.#inBackground(this.#deliver(work, attempt), [work.submissionId]);
  }

  /** Follows what goes on for submissions; whatever goes wrong there ends this worker, not the submissions. */
  #inBackground(task: Promise<void>, submissionIds: readonly string[]): void {
    const followed = task
      .catch((error: unknown) => this.#stop.abort(error))
      .finally(() => {
        for (const id of submissionIds) this.#inWindow.delete(id);
        this.#background.delete(followed);
        this.wake();
      });
    this.#background.add(followed);
  }

  async #deliver(work: Work, attempt: Attempt): Promise<void> {
    const { chain, random, now } = this.#options;
    const { submissionId } = work;
    const end = await deliver(attempt, work.state, {
      chain,
      random,
      signal: this.#stop.signal,
      onProgress: async (to) => {
        await this.#progress.add({ submissionId, to, at: now() });
        this.#transitions.moved(work, to);
        if (to !== "INCLUDED") return;
        this.#inWindow.delete(submissionId);
        this.wake();
      },
    });
    await this.#settle({ ...work, wasSigned: true }, end);
  }

  async #settle(work: Work, end: DeliveryEnd): Promise<void> {
    if (end.kind === "final") return this.#end(work, finalEnd(work, end.outcome, end.blockHash));
    if (end.kind === "refused") return this.#end(work, refusedByChain(end.error));
    const { token, events } = this.#options;
    events.laneRetrying({ laneId: String(token.laneId), step: "replace", error: undefined });
    // Another transaction may have taken its nonce.
    this.#nonces.doubt();
    this.#unsigned.add(work);
  }

  async #end(work: Work, end: End): Promise<void> {
    await this.#ends.add({ submissionId: work.submissionId, at: this.#options.now(), ...end });
    this.#transitions.ended(work, end.to, end.failure?.reason);
  }

  /** Repeats a ledger write that had no answer: each of them may be repeated. */
  #persist<T>(write: () => Promise<T>): Promise<T> {
    return this.#retry.run("ledger", write);
  }
}
