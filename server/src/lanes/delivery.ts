import { setTimeout as delay } from "node:timers/promises";
import { ChainError, type ChainErrorKind } from "../near/chain-error.ts";
import { type Outcome, readOutcome } from "../near/outcome.ts";
import type { TransactionView, WaitFor } from "../near/transactions.ts";
import type { SubmissionState } from "../tx/states.ts";
import { type ChainReads, canNeverLand, type SentTransaction } from "./never-lands.ts";
import { underEither } from "./under-either.ts";

/** A signed and stored transaction that is to be brought to its end. */
export interface Attempt extends SentTransaction {
  readonly submissionId: string;
  readonly isDelegate: boolean;
}

/** How a delivery ended. `dead` and `refused` can never land; the chain's error comes with `refused`. */
export type DeliveryEnd =
  | {
      readonly kind: "final";
      readonly outcome: Outcome;
      readonly blockHash: string | undefined;
      /** When it was sent, where the ledger does not know that yet. */
      readonly sentAt: Date | undefined;
    }
  | { readonly kind: "dead" }
  | { readonly kind: "refused"; readonly error: unknown };

/**
 * Told of progress, and awaited, so that the ledger knows a state before the delivery goes on. `sentAt` is when the
 * transaction was sent, where the ledger does not know that yet.
 */
export type OnProgress = (to: "BROADCAST" | "INCLUDED", sentAt: Date | undefined) => Promise<void>;

export interface DeliveryOptions {
  readonly chain: ChainReads;
  readonly now: () => Date;
  readonly onProgress: OnProgress;
  /** Told why a send failed, and of "unknown-transaction" when the bytes are sent again: no block is known to hold them. */
  readonly onTrouble: (kind: ChainErrorKind) => void;
  /** Aborts when a send's answer, or the next send, is not waited for any more: the chain is asked by hash at once. */
  readonly hurry: () => AbortSignal;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** BROADCAST is recorded by itself when a node takes longer to answer than that, and else with what it answers. */
const SOON_MS = 100;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;
/** Questions without an answer after which bytes that no block is known to hold are sent again. */
const QUESTIONS_BEFORE_RESEND = 3;

/**
 * Brings one signed transaction to its end, from wherever an earlier process left it. A lost answer is never
 * a failure: the chain is asked by hash first, the same bytes are sent again while they may still land, and
 * only a proof ends the delivery otherwise. Throws when aborted, or when progress cannot be recorded.
 */
export async function deliver(
  attempt: Attempt,
  state: SubmissionState,
  options: DeliveryOptions,
): Promise<DeliveryEnd> {
  const delivery = new Delivery(attempt, state, options);
  // What a process that died may have sent is asked for before it is sent again.
  if (state === "SIGNED") await delivery.send();
  for (let round = 0; ; round++) {
    const end = await delivery.settle();
    if (end !== undefined) return end;
    options.onTrouble("unknown-transaction");
    await pauseUnlessHurried(pause(round, options.random), options);
    await delivery.send();
  }
}

async function pauseUnlessHurried(ms: number, { signal, hurry }: DeliveryOptions): Promise<void> {
  const hurried = hurry();
  await underEither(signal, hurried, (either) => delay(ms, undefined, { signal: either })).catch(
    (error: unknown) => {
      signal.throwIfAborted();
      if (!hurried.aborted) throw error;
    },
  );
}

function pause(round: number, random: () => number): number {
  return (0.5 + random() / 2) * Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** round);
}

class Delivery {
  readonly #attempt: Attempt;
  readonly #options: DeliveryOptions;
  #state: SubmissionState;
  /** When it was sent, until that is recorded. */
  #sentAt: Date | undefined;
  /** Endpoints that were sent the bytes since each of them was. */
  readonly #tried = new Set<number>();
  /** The endpoint that is asked for the hash first: it took the bytes, or is the next one after one that knows nothing. */
  #first: number | undefined;
  /** The end, once a node has said it. */
  #end: DeliveryEnd | undefined;
  /** What each endpoint that refused the bytes for good answered; one that took them since is gone again. */
  readonly #refusals = new Map<number, unknown>();

  constructor(attempt: Attempt, state: SubmissionState, options: DeliveryOptions) {
    this.#attempt = attempt;
    this.#state = state;
    this.#options = options;
  }

  /**
   * Hands the bytes to the lane's endpoint, and to another one each time that they are sent again. BROADCAST is recorded
   * while the node works, because it may have them now, unless it answers soon with what comes after.
   */
  async send(): Promise<void> {
    const { chain, signal, onTrouble } = this.#options;
    const hurry = this.#options.hurry();
    const endpoint = this.#nextEndpoint();
    if (this.#state === "SIGNED") this.#sentAt = this.#options.now();
    const sending = underEither(signal, hurry, (either) =>
      chain.transactions.send(this.#attempt, endpoint, either),
    );
    const [answer, progress] = await Promise.allSettled([sending, this.#broadcastUnlessSoon(sending)]);
    if (progress.status === "rejected") throw progress.reason;
    this.#refusals.delete(endpoint);
    if (answer.status === "fulfilled") {
      this.#first = endpoint;
      await this.#note(answer.value);
    }
    if (this.#end !== undefined) return;
    await this.#reached("BROADCAST");
    if (answer.status === "fulfilled") return;
    signal.throwIfAborted();
    if (hurry.aborted) return;
    if (!(answer.reason instanceof ChainError)) throw answer.reason;
    onTrouble(answer.reason.kind);
    if (answer.reason.kind === "refused") this.#refusals.set(endpoint, answer.reason.detail);
  }

  async #broadcastUnlessSoon(sending: Promise<unknown>): Promise<void> {
    if (this.#state !== "SIGNED") return;
    const answered = sending.then(
      () => true,
      () => true,
    );
    const isSoon = await Promise.race([answered, delay(SOON_MS, false, { ref: false })]);
    if (!isSoon) await this.#reached("BROADCAST");
  }

  #nextEndpoint(): number {
    const { transactions, endpointCount } = this.#options.chain;
    if (this.#tried.size === endpointCount) this.#tried.clear();
    const endpoint = transactions.endpointFor(this.#attempt.relayerPublicKey, this.#tried) ?? 0;
    this.#tried.add(endpoint);
    return endpoint;
  }

  /** Asks the chain until it knows the end; undefined when the bytes may still land and should be sent again. */
  async settle(): Promise<DeliveryEnd | undefined> {
    const { chain, random, signal } = this.#options;
    for (let round = 0; this.#state === "INCLUDED" || round < QUESTIONS_BEFORE_RESEND; round++) {
      signal.throwIfAborted();
      if (this.#end !== undefined) return this.#end;
      const answer = await this.#ask();
      if (answer === "unknown") {
        // One node's word does not end a submission: every endpoint has refused the bytes.
        if (this.#refusals.size === chain.endpointCount) {
          return { kind: "refused", error: this.#refusals.values().next().value };
        }
        return (await canNeverLand(this.#attempt, chain, signal)) ? { kind: "dead" } : undefined;
      }
      if (answer !== "pending") return answer;
      await delay(pause(round, random), undefined, { signal });
    }
    return undefined;
  }

  async #ask(): Promise<DeliveryEnd | "unknown" | "pending"> {
    try {
      await this.#note(await this.#look());
      return this.#end ?? "pending";
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      if (error.kind !== "unknown-transaction") return "pending";
      this.#first = ((this.#first ?? 0) + 1) % this.#options.chain.endpointCount;
      return "unknown";
    }
  }

  /**
   * Waits for the end only of what a block is known to hold: a node says that it does not know a transaction only
   * when nothing is waited for, and else it answers nothing until its own time is up (nearcore, tx_status_fetch).
   */
  async #look(): Promise<TransactionView> {
    const { chain, signal } = this.#options;
    const { hash, relayerId } = this.#attempt;
    const first = this.#first;
    const ask = (waitFor: WaitFor) => chain.transactions.byHash(hash, relayerId, waitFor, { first, signal });
    if (this.#state !== "INCLUDED") return ask("NONE");
    try {
      return await ask("FINAL");
    } catch (error) {
      if (!(error instanceof ChainError) || error.kind !== "timeout") throw error;
      return ask("NONE");
    }
  }

  async #note(view: TransactionView): Promise<void> {
    const status = view.final_execution_status;
    const outcome = status === "FINAL" ? readOutcome(view, this.#attempt.isDelegate) : undefined;
    if (outcome !== undefined) {
      const blockHash = view.transaction_outcome?.block_hash;
      this.#end = { kind: "final", outcome, blockHash, sentAt: this.#sentAt };
    } else if (status !== "NONE") await this.#reached("INCLUDED");
  }

  /** Records a state once, and never one that lies behind. */
  async #reached(to: "BROADCAST" | "INCLUDED"): Promise<void> {
    if (this.#state === to || this.#state === "INCLUDED") return;
    this.#state = to;
    const sentAt = this.#sentAt;
    this.#sentAt = undefined;
    await this.#options.onProgress(to, sentAt);
  }
}
