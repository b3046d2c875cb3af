import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "@countersign/service-kit";
import { LedgerUnavailableError } from "../ledger/errors.ts";
import type { LaneToken, LaneWork, Ledger, ProgressItem, TerminalItem } from "../ledger/ledger.ts";
import { ChainError } from "../near/chain-error.ts";
import type { Head } from "../near/head.ts";
import type { BlockView } from "../near/views.ts";
import { type Attempt, type DeliveryEnd, deliver } from "./delivery.ts";
import type { ChainReads } from "./never-lands.ts";
import { nonceFloor } from "./nonce-floor.ts";
import { type LaneKey, type SignedWork, signBatch, type TransactionSigner } from "./sign-batch.ts";
import type { SubmissionState } from "./states.ts";
import { type Holds, UnsignedWork } from "./unsigned-work.ts";
import { attemptOf, type End, expiredEnd, finalEnd, isExpired, refusedByChain, type Work } from "./work.ts";
import { WriteBatch } from "./write-batch.ts";

/** Pause before what failed for a passing reason is tried again, in milliseconds. */
const RETRY_MS = 250;
/** How often the ledger is asked for work that another replica accepted, in milliseconds. */
const POLL_MS = 500;
/** Most transactions that are signed by one call: the signer's contract takes no more. */
const MAX_BATCH = 64;

/** What a lane was doing when it had to try again. */
export type LaneStep = "ledger" | "signer" | "head" | "nonce" | "replace";

/** What the lane tells of itself. */
export interface LaneEvents {
  /** A change of state is in the ledger. `seconds` were spent in the state before. */
  submissionTransition(event: {
    submissionId: string;
    kind: string;
    from: SubmissionState;
    to: SubmissionState;
    seconds: number;
    reason?: string | undefined;
    txHash?: string | undefined;
  }): void;
  /** A step failed for a passing reason and is tried again; "replace": a transaction can never land. */
  laneRetrying(event: { laneId: string; step: LaneStep; error: unknown }): void;
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
  /** Deliveries under way; the ones in `#inWindow` are not known to stand in a block. */
  readonly #deliveries = new Set<Promise<void>>();
  readonly #inWindow = new Set<string>();
  /** The state of each submission and since when, for the events. */
  readonly #states = new Map<string, { state: SubmissionState; since: Date }>();
  /** The lowest nonce that the chain took when it was asked last. */
  #nonceFloor: bigint | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(options: LaneWorkerOptions) {
    this.#options = options;
    const { ledger, token, holds } = options;
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
      await Promise.allSettled(this.#deliveries);
    }
    if (!signal.aborted) throw this.#stop.signal.reason;
  }

  async #resume(): Promise<void> {
    const { ledger, token, key, readWork } = this.#options;
    for (const stored of await this.#persist(() => ledger.openWork(token.laneId))) {
      const work = readWork(stored);
      const attempt = attemptOf(work, key);
      if (attempt === null) this.#unsigned.add(work);
      else this.#launch(work, attempt);
    }
  }

  async #round(): Promise<void> {
    const capacity = Math.min(this.#options.window - this.#inWindow.size, MAX_BATCH);
    this.#wake = Promise.withResolvers();
    const batch = capacity > 0 && !this.#options.holds().lane ? await this.#take(capacity) : [];
    if (batch.length > 0) {
      await this.#sign(batch);
      return;
    }
    const timer = setTimeout(() => this.wake(), POLL_MS);
    await this.#wake.promise;
    clearTimeout(timer);
  }

  /** Work with a fresh nonce each, what waits for another try first. */
  async #take(limit: number): Promise<Work[]> {
    const { ledger, token, readWork } = this.#options;
    // What waits may have failed because somebody else used the key, so the chain is asked anew.
    const floor =
      this.#unsigned.isReady || this.#nonceFloor === undefined
        ? await this.#readNonceFloor()
        : this.#nonceFloor;
    // The chain may have been away for long: holds are those of now.
    const { lane, tenants: heldTenants } = this.#options.holds();
    if (lane) return [];
    const again = this.#unsigned.take(limit);
    if (again.length > 0) {
      const submissionIds = again.map((work) => work.submissionId);
      const fresh = await this.#persist(() =>
        ledger.reallocate({ ...token, submissionIds, nonceFloor: floor }),
      );
      const nonces = new Map(fresh.map(({ submissionId, nonce }) => [submissionId, nonce]));
      return again.map((work) => ({ ...work, nonce: nonces.get(work.submissionId) ?? work.nonce }));
    }
    // Not repeated here: when the answer is lost, the claim may stand, and only a fresh start sees what it took.
    const claimed = await ledger.claim({ ...token, limit, nonceFloor: floor, heldTenants });
    return claimed.map(readWork);
  }

  /** The lowest nonce that the chain would take now. */
  async #readNonceFloor(): Promise<bigint> {
    const { chain, key } = this.#options;
    this.#nonceFloor = await this.#retry("nonce", () => nonceFloor(chain, key, this.#stop.signal));
    return this.#nonceFloor;
  }

  /** Signs a batch, stores the signed bytes and only then starts to send them, in nonce order. */
  async #sign(batch: readonly Work[]): Promise<void> {
    const { head } = this.#options;
    let current = batch;
    // The signer may be away for long, so each try looks anew at what has expired by then.
    const signed = await this.#retry("signer", async () => {
      const block = await this.#retry("head", () => head.get());
      const expired = current.filter((work) => isExpired(work, block.height));
      current = current.filter((work) => !isExpired(work, block.height));
      for (const work of expired) await this.#end(work, expiredEnd(work));
      // So does what an operator has held meanwhile: it waits, and its nonce is skipped.
      current = this.#unsigned.sift(current);
      return current.length === 0 ? [] : this.#signAll(current, block);
    });
    if (signed.length === 0) return;
    await this.#recordSigned(signed.map(({ attempt }) => attempt));
    for (const { work, attempt } of signed) this.#moved(work, "SIGNED", { txHash: attempt.hash });
    for (const { work, attempt } of signed) this.#launch({ ...work, state: "SIGNED" }, attempt);
  }

  /** Signs what the signer takes; what it refuses is ended. */
  async #signAll(batch: readonly Work[], block: BlockView): Promise<SignedWork[]> {
    const { signed, refused } = await signBatch(batch, block, this.#options, this.#stop.signal);
    for (const { work, end } of refused) await this.#end(work, end);
    return signed;
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

  /** Delivers in the background; whatever goes wrong there ends this worker, not the submission. */
  #launch(work: Work, attempt: Attempt): void {
    if (work.state !== "INCLUDED") this.#inWindow.add(work.submissionId);
    const delivery = this.#deliver(work, attempt)
      .catch((error: unknown) => this.#stop.abort(error))
      .finally(() => {
        this.#inWindow.delete(work.submissionId);
        this.#deliveries.delete(delivery);
        this.wake();
      });
    this.#deliveries.add(delivery);
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
        this.#moved(work, to);
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
    this.#unsigned.add(work);
  }

  async #end(work: Work, end: End): Promise<void> {
    await this.#ends.add({ submissionId: work.submissionId, at: this.#options.now(), ...end });
    this.#moved(work, end.to, { reason: end.failure?.reason });
    this.#states.delete(work.submissionId);
  }

  #moved(work: Work, to: SubmissionState, more: { reason?: string | undefined; txHash?: string } = {}): void {
    const { submissionId, kind } = work;
    const { events, now } = this.#options;
    const at = now();
    const before = this.#states.get(submissionId) ?? { state: work.state, since: work.createdAt };
    this.#states.set(submissionId, { state: to, since: at });
    const seconds = (at.getTime() - before.since.getTime()) / 1000;
    events.submissionTransition({ submissionId, kind, from: before.state, to, seconds, ...more });
  }

  /** Repeats a ledger write that had no answer: each of them may be repeated. */
  #persist<T>(write: () => Promise<T>): Promise<T> {
    return this.#retry("ledger", write);
  }

  /** Tries until it works, fails for good or the worker stops. */
  async #retry<T>(step: LaneStep, attempt: () => Promise<T>): Promise<T> {
    const { random, events, token } = this.#options;
    for (;;) {
      this.#stop.signal.throwIfAborted();
      try {
        return await attempt();
      } catch (error) {
        if (!isPassing(error)) throw error;
        events.laneRetrying({ laneId: String(token.laneId), step, error });
      }
      await delay(RETRY_MS * (0.5 + random()), undefined, { signal: this.#stop.signal });
    }
  }
}

/** Whether an error says nothing about the work itself: the chain, the signer or the ledger was not there. */
function isPassing(error: unknown): boolean {
  return (
    error instanceof ChainError || error instanceof DomainError || error instanceof LedgerUnavailableError
  );
}
