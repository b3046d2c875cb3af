import { ChainError, type ChainErrorKind } from "../near/chain-error.ts";
import type { Head } from "../near/head.ts";
import { type Attempt, type DeliveryEnd, deliver } from "./delivery.ts";
import type { LaneHealth } from "./lane-health.ts";
import type { LaneNonces } from "./lane-nonces.ts";
import type { LaneRecord } from "./lane-record.ts";
import { type LaneTrouble, troubleOfSend } from "./lane-trouble.ts";
import type { LowBalances } from "./low-balances.ts";
import type { ChainReads } from "./never-lands.ts";
import type { LaneKey } from "./sign-batch.ts";
import { expiresSoon, finalEnd, refusedByChain, type Work } from "./work.ts";

/** How often it is looked for transactions that no block takes, in milliseconds. */
const WATCH_MS = 250;
/** After how long a transaction is one of them, and how long until the next look at the key for their sake. */
const SLOW_MS = 3_000;
/** After how long what is signed is sent whether there is room or not: something may hold its place for a day. */
const LONGEST_AHEAD_MS = 10_000;

export interface LaneDeliveriesOptions {
  readonly key: LaneKey;
  readonly head: Pick<Head, "get">;
  readonly chain: ChainReads;
  readonly now: () => Date;
  readonly random: () => number;
  readonly lowBalances: LowBalances;
  /** Most that may be in the window with that. */
  readonly windowFor: (work: Work) => number;
  /** Ends all of them: what is open stays in the ledger. */
  readonly signal: AbortSignal;
  readonly onTrouble: (trouble: LaneTrouble) => void;
  /** Takes what can never land, to be signed anew. */
  readonly onDead: (work: Work) => void;
  /** A node does not know the key. */
  readonly onKeyUnknown: () => void;
  /** There may be room in the window. */
  readonly onRoom: () => void;
  /** Progress could not be recorded. */
  readonly onFailed: (error: unknown) => void;
}

interface Sent {
  readonly nonce: bigint;
  readonly since: number;
  /** Whether no block is known to hold it. */
  isOpen: boolean;
  /** Whether the key's nonce is at or past its own: it stands in a block unseen, or never will. */
  isPassed: boolean;
  /** Whether a final block shows that. */
  isFinallyPassed: boolean;
  hurry: AbortController;
}

/** Signed, and not sent by anybody. */
interface Ahead {
  readonly work: Work;
  readonly attempt: Attempt;
  readonly since: number;
}

/**
 * A lane's signed transactions on their way. When one of them shows that the chain is past its nonce, or none gets into a
 * block for a while, the key is looked at once for all: those that the chain is past make room for new ones, and are
 * asked for by hash at once instead of waiting for a node's answer.
 */
export class LaneDeliveries {
  readonly #options: LaneDeliveriesOptions;
  readonly #record: LaneRecord;
  readonly #health: LaneHealth;
  readonly #nonces: LaneNonces;
  readonly #sent = new Map<string, Sent>();
  /** What is sent when there is room, in nonce order. */
  readonly #ahead: Ahead[] = [];
  readonly #running = new Set<Promise<void>>();
  readonly #watch: NodeJS.Timeout;
  #highestSent = -1n;
  #highestSigned = -1n;
  /** The lowest nonce that the chain took when somebody else was last seen to have used the key. */
  #foreignFloor = 0n;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | undefined;
  /** Whether what waits has time left is being looked at. */
  #timing: Promise<void> | undefined;

  constructor(options: LaneDeliveriesOptions, record: LaneRecord, health: LaneHealth, nonces: LaneNonces) {
    this.#options = options;
    this.#record = record;
    this.#health = health;
    this.#nonces = nonces;
    this.#watch = setInterval(() => {
      this.#sendAhead();
      this.#sendOverdue();
      this.#sendUrgent();
      this.#lookIfNeeded();
    }, WATCH_MS);
  }

  /** Transactions that may still get into a block, and are not known to stand in one. */
  get inWindow(): number {
    let count = 0;
    for (const { isOpen, isPassed } of this.#sent.values()) if (isOpen && !isPassed) count++;
    return count;
  }

  /** Signed transactions that wait until there is room in the window. */
  get ahead(): number {
    return this.#ahead.length;
  }

  /** Brings what was signed to its end, as soon as there is room in the window. Comes in nonce order. */
  enqueue(work: Work, attempt: Attempt): void {
    if (attempt.nonce > this.#highestSigned) this.#highestSigned = attempt.nonce;
    this.#ahead.push({ work, attempt, since: this.#options.now().getTime() });
    this.#sendAhead();
  }

  /** Brings to its end, at once, what may have been sent before. */
  launch(work: Work, attempt: Attempt): void {
    const { nonce, submissionId } = attempt;
    if (nonce > this.#highestSent) this.#highestSent = nonce;
    if (nonce > this.#highestSigned) this.#highestSigned = nonce;
    const sent: Sent = {
      nonce,
      since: this.#options.now().getTime(),
      isOpen: work.state !== "INCLUDED",
      isPassed: false,
      isFinallyPassed: false,
      hurry: new AbortController(),
    };
    this.#sent.set(submissionId, sent);
    const delivered = this.#deliver(work, attempt, sent)
      .catch(this.#options.onFailed)
      .finally(() => {
        if (this.#sent.get(submissionId) === sent) this.#sent.delete(submissionId);
        this.#running.delete(delivered);
        this.#roomAgain();
      });
    this.#running.add(delivered);
  }

  #roomAgain(): void {
    this.#sendAhead();
    this.#options.onRoom();
  }

  /** One at a time even of a lane that is to sign nothing now: what is signed cannot be given to another. */
  #sendAhead(): void {
    const { windowFor } = this.#options;
    this.#launchAheadWhile(({ work }) => this.inWindow < Math.max(1, windowFor(work)));
  }

  #sendOverdue(): void {
    const before = this.#options.now().getTime() - LONGEST_AHEAD_MS;
    this.#launchAheadWhile(({ since }) => since < before);
  }

  /** What has little time left to be executed, and all before it. It never throws, and does nothing once all is to end. */
  #sendUrgent(): void {
    if (this.#ahead.every(({ work }) => work.expiresAtHeight === null)) return;
    this.#timing ??= this.#options.head
      .get()
      .then(({ height }) => {
        const urgent = this.#ahead.findLast(({ work }) => expiresSoon(work, height));
        if (urgent !== undefined)
          this.#launchAheadWhile(({ attempt }) => attempt.nonce <= urgent.attempt.nonce);
      })
      // While the chain stands still, or no node answers, there is none to send it to in time.
      .catch((error: unknown) => {
        if (!(error instanceof ChainError)) this.#options.onFailed(error);
      })
      .finally(() => {
        this.#timing = undefined;
      });
  }

  #launchAheadWhile(holds: (next: Ahead) => boolean): void {
    while (!this.#options.signal.aborted) {
      const [next] = this.#ahead;
      if (next === undefined || !holds(next)) return;
      this.#ahead.shift();
      this.launch(next.work, next.attempt);
    }
  }

  /** Resolves, once the signal has aborted, when nothing runs any more. */
  async stopped(): Promise<void> {
    clearInterval(this.#watch);
    await Promise.allSettled([...this.#running, this.#looking]);
  }

  async #deliver(work: Work, attempt: Attempt, sent: Sent): Promise<void> {
    const { chain, now, random, signal } = this.#options;
    let couldPay = true;
    let isByNonce = false;
    const end = await deliver(attempt, work.state, {
      ...{ chain, now, random, signal },
      hurry: () => sent.hurry.signal,
      onTrouble: (kind) => {
        if (kind === "invalid-nonce") isByNonce = true;
        // One that stays too dear is no reason to leave others.
        if (kind !== "not-enough-balance" || couldPay) this.#trouble(sent, kind);
        if (kind === "not-enough-balance") couldPay = false;
      },
      onProgress: async (to, sentAt) => {
        if (to === "INCLUDED") this.#landed(sent);
        await this.#record.reached(work, to, sentAt);
        // Only now can what has to come after it be claimed.
        if (to === "INCLUDED") this.#options.onRoom();
      },
    });
    const why = isByNonce || sent.isPassed ? "invalid-nonce" : "expired";
    await this.#settle({ ...work, wasSigned: true }, sent, end, why);
  }

  async #settle(work: Work, sent: Sent, end: DeliveryEnd, whyDead: LaneTrouble): Promise<void> {
    if (end.kind === "final") {
      if (sent.isOpen) this.#landed(sent);
      return this.#record.ended(work, finalEnd(work, end.outcome, end.blockHash), end.sentAt);
    }
    if (end.kind === "refused") return this.#record.ended(work, refusedByChain(end.error));
    const signedBefore = this.#health.died(sent.nonce, this.#highestSigned);
    this.#options.onTrouble(whyDead);
    this.#options.onDead(work);
    // What was signed with it may be dead as well: that shows together, and not one after the other.
    this.#launchAheadWhile(({ attempt }) => attempt.nonce <= signedBefore);
  }

  #landed(sent: Sent): void {
    sent.isOpen = false;
    this.#health.landed(sent.nonce);
    this.#options.lowBalances.clear(this.#options.key.accountId);
    // The next is sent, and claimed, while the ledger is told of this one.
    this.#roomAgain();
  }

  #trouble(sent: Sent, kind: ChainErrorKind): void {
    const { onTrouble, onKeyUnknown, lowBalances, key } = this.#options;
    const trouble = troubleOfSend(kind);
    if (trouble !== undefined) onTrouble(trouble);
    if (kind === "not-enough-balance") lowBalances.note(key.accountId);
    if (kind === "signer-unknown") onKeyUnknown();
    if (kind === "invalid-nonce" && !sent.isPassed) this.#look();
    if (kind !== "unknown-transaction" || sent.isPassed) return;
    this.#health.lost(sent.nonce, this.#highestSent);
    onTrouble("not-landed");
  }

  #lookIfNeeded(): void {
    const open = [...this.#sent.values()].filter(({ isOpen }) => isOpen);
    const before = this.#options.now().getTime() - SLOW_MS;
    const isDue =
      open.some(({ isPassed, isFinallyPassed }) => isPassed && !isFinallyPassed) ||
      (this.#lookedAt <= before && open.some(({ isPassed, since }) => !isPassed && since < before));
    if (isDue) this.#look();
  }

  /** One look at a time; it never throws. */
  #look(): void {
    this.#lookedAt = this.#options.now().getTime();
    this.#looking ??= this.#lookAtKey()
      .catch((error: unknown) => {
        if (!(error instanceof ChainError)) return this.#options.onFailed(error);
        if (error.kind === "unknown-access-key") this.#options.onKeyUnknown();
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #lookAtKey(): Promise<void> {
    const floor = await this.#nonces.look();
    if (floor > this.#highestSent + 1n && floor > this.#foreignFloor && this.#sent.size > 0) {
      this.#foreignFloor = floor;
      this.#health.usedElsewhere(this.#highestSigned);
    }
    // What has not been sent is passed, too: as what never lands it takes no place of the window.
    this.#launchAheadWhile(({ attempt }) => attempt.nonce < floor);
    const open = [...this.#sent.values()].filter(({ isOpen, nonce }) => isOpen && nonce < floor);
    for (const sent of open) {
      if (sent.isPassed) continue;
      sent.isPassed = true;
      hurry(sent);
    }
    this.#roomAgain();
    const asked = open.filter(({ isFinallyPassed }) => !isFinallyPassed);
    if (asked.length === 0) return;
    const { chain, key, signal } = this.#options;
    const final = await chain.views.accessKey(key.accountId, key.publicKey, "final", { signal });
    for (const sent of asked) {
      if (sent.nonce > final.nonce) continue;
      sent.isFinallyPassed = true;
      hurry(sent);
    }
  }
}

/** Without a reason each abort would make an error with its stack. */
const HURRY = new Error("hurry");

/** Has the chain asked for it by hash at once. */
function hurry(sent: Sent): void {
  sent.hurry.abort(HURRY);
  sent.hurry = new AbortController();
}
