import type { LaneToken, LaneWork, Ledger } from "../ledger/ledger.ts";
import type { Attempt } from "./delivery.ts";
import { KeyWatch } from "./key-watch.ts";
import { LaneCondition } from "./lane-condition.ts";
import { LaneDeliveries } from "./lane-deliveries.ts";
import { LaneHealth } from "./lane-health.ts";
import type { KeyUse } from "./lane-keys.ts";
import { KeyMissingError, LaneNonces } from "./lane-nonces.ts";
import { LaneRecord } from "./lane-record.ts";
import { LaneRetry, type LaneStep } from "./lane-retry.ts";
import { LaneSigning, type LaneSigningOptions } from "./lane-signing.ts";
import type { LaneState } from "./lane-state.ts";
import type { LaneTrouble } from "./lane-trouble.ts";
import { withAhead } from "./lane-window.ts";
import type { LowBalances } from "./low-balances.ts";
import type { SubmissionTransition } from "./transition-events.ts";
import { type Holds, UnsignedWork } from "./unsigned-work.ts";
import { attemptOf, type Work } from "./work.ts";

/** How often a lane that waits looks whether it may go on, in milliseconds. */
const LOOK_MS = 500;
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
  /** Something went wrong that the lane copes with by itself. */
  laneTrouble(event: { laneId: string; trouble: LaneTrouble }): void;
}

export interface LaneWorkerOptions
  extends Pick<LaneSigningOptions, "network" | "key" | "signer" | "head" | "chain"> {
  readonly token: LaneToken;
  /** Most transactions that are ever sent and not yet known to stand in a block. */
  readonly window: number;
  readonly ledger: Ledger;
  readonly now: () => Date;
  readonly random: () => number;
  readonly events: LaneEvents;
  readonly readWork: (stored: LaneWork) => Work;
  readonly holds: () => Holds;
  /** What the signer does with the key now. */
  readonly keyUse: () => KeyUse;
  /** Of all lanes: what one learns of an account holds for the others. */
  readonly lowBalances: LowBalances;
  /** Told when the lane may have room, or something has got into a block. */
  readonly onRoom: () => void;
}

/**
 * Does one lane's work while it holds the lane: claims what it is offered, signs it, stores the signed bytes,
 * sends them in nonce order and follows each to its end. Whatever an earlier owner left open is taken up first.
 */
export class LaneWorker {
  readonly #options: LaneWorkerOptions;
  readonly #stop = new AbortController();
  readonly #unsigned: UnsignedWork;
  readonly #retry: LaneRetry;
  readonly #nonces: LaneNonces;
  readonly #record: LaneRecord;
  readonly #keyWatch: KeyWatch;
  readonly #condition: LaneCondition;
  readonly #deliveries: LaneDeliveries;
  readonly #signing: LaneSigning;
  /** Looks for the key. */
  readonly #background = new Set<Promise<void>>();
  /** How many it may claim. */
  #offered = 0;
  /** How many it has claimed to have signed, and what the signer has of them: undefined, or until that is stored. */
  #signs = 0;
  #signed: Promise<void> | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(options: LaneWorkerOptions) {
    this.#options = options;
    const { key, holds, window, now } = options;
    const { signal } = this.#stop;
    this.#retry = new LaneRetry({ ...options, laneId: options.token.laneId, signal });
    this.#nonces = new LaneNonces(options, this.#retry, signal);
    this.#unsigned = new UnsignedWork(holds);
    this.#record = new LaneRecord(options, this.#retry);
    this.#keyWatch = new KeyWatch({
      ...options,
      signal,
      onMissing: () => this.#keyIsMissing(),
      onBack: () => this.#keyIsBack(),
    });
    const onTrouble = (trouble: LaneTrouble) => this.#tell(trouble);
    const onSigned = (work: Work, attempt: Attempt) => this.#deliveries.enqueue(work, attempt);
    this.#signing = new LaneSigning(
      { ...options, signal, onTrouble, onSigned, onRested: () => this.wake() },
      { retry: this.#retry, nonces: this.#nonces, record: this.#record, unsigned: this.#unsigned },
    );
    const health = new LaneHealth(window, now);
    this.#condition = new LaneCondition({
      ...options,
      ...{ accountId: key.accountId, most: window, health, retry: this.#retry, keyWatch: this.#keyWatch },
      keyWaits: () => this.#signing.keyWaits,
    });
    const deliveries = {
      ...options,
      windowFor: ({ wasSigned }: Work) => (wasSigned ? this.#condition.mostWindow : this.#condition.window),
      signal,
      onTrouble,
      onDead: (work: Work) => this.#replace(work),
      onKeyUnknown: () => this.#inBackground(this.#keyWatch.doubt()),
      onRoom: () => this.#roomAgain(),
      onFailed: (error: unknown) => this.#stop.abort(error),
    };
    this.#deliveries = new LaneDeliveries(deliveries, this.#record, health, this.#nonces);
  }

  /** Tells the worker that there may be something to do. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Lets it claim that many submissions more. */
  offer(count: number): void {
    this.#offered += count;
    this.wake();
  }

  /** Transactions under way, what it may claim, what it could have besides, and whether it has to sign first. */
  get place(): { load: number; offered: number; room: number; free: number; isBusy: boolean } {
    const load = this.#claimed + this.#unsigned.due + this.#offered;
    const within = (most: number) => Math.max(0, Math.min(MAX_BATCH, most - load));
    const room = within(withAhead(this.window));
    const free = within(this.window);
    // Behind a full batch it takes one more.
    const isBusy = this.#signs > 0 && this.#signs !== MAX_BATCH;
    return { load, offered: this.#offered, room, free, isBusy };
  }

  /** Most transactions that may be sent and not known to stand in a block, as things are. */
  get window(): number {
    return this.#condition.takesWork ? this.#condition.window : 0;
  }

  /** Transactions that are sent and not known to stand in a block, and what rests. */
  get inWindow(): number {
    return this.#deliveries.inWindow + this.#signing.resting;
  }

  get state(): LaneState {
    return this.#condition.state;
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
      // What the signer gives is stored: it does not sign the same nonces again.
      await this.#signed;
      this.#stop.abort(error);
    } finally {
      signal.removeEventListener("abort", onAbort);
      await this.#signed;
      await this.#deliveries.stopped();
      await this.#signing.stopped();
      await Promise.allSettled(this.#background);
    }
    if (!signal.aborted) throw this.#stop.signal.reason;
  }

  async #resume(): Promise<void> {
    const { ledger, token, key, readWork } = this.#options;
    for (const stored of await this.#retry.run("ledger", () => ledger.openWork(token.laneId))) {
      const work = readWork(stored);
      this.#nonces.noteUsed(work.nonce);
      const attempt = attemptOf(work, token.laneId, key);
      if (attempt === null) this.#unsigned.add(work);
      else this.#deliveries.launch(work, attempt);
    }
  }

  async #round(): Promise<void> {
    this.#wake = Promise.withResolvers();
    if (this.#condition.leavesWork) await this.#release();
    const isAhead = this.#signed !== undefined;
    const batch = await this.#take();
    if (batch.length > 0) return this.#signNext(batch, isAhead);
    const timer = setTimeout(() => this.wake(), LOOK_MS);
    await this.#wake.promise;
    clearTimeout(timer);
  }

  /** Has a batch signed when the one before is. While the signer has a full one, the next is claimed. */
  async #signNext(batch: readonly Work[], isAhead: boolean): Promise<void> {
    this.#signs += batch.length;
    await this.#signed;
    if (isAhead && (this.#unsigned.due > 0 || this.#condition.leavesWork)) {
      this.#signs -= batch.length;
      this.#unsigned.add(...batch);
      return;
    }
    this.#signed = this.#sign(batch);
    if (batch.length < MAX_BATCH) await this.#signed;
    else this.#options.onRoom();
  }

  /** Never throws. */
  async #sign(batch: readonly Work[]): Promise<void> {
    await this.#signing.sign(batch).catch((error: unknown) => this.#stop.abort(error));
    this.#signs -= batch.length;
    this.#signed = undefined;
    this.#roomAgain();
  }

  /** Gives back what never had a transaction. The rest waits for the key, unless that is over. */
  async #release(): Promise<void> {
    const { ledger, token, onRoom, keyUse } = this.#options;
    this.#offered = 0;
    const isOver = keyUse() === "over";
    const left = isOver ? this.#unsigned.takeAll() : this.#unsigned.takeNeverSigned();
    if (left.length === 0) return;
    const ids = left.map(({ submissionId }) => submissionId);
    await this.#retry.run("ledger", () => (isOver ? ledger.handOn(token, ids) : ledger.release(token, ids)));
    onRoom();
  }

  /** What waits for another try first, then what it claims of its offer. */
  async #take(): Promise<Work[]> {
    const offered = this.#offered;
    try {
      if (offered === 0 && this.#unsigned.due === 0) return [];
      if (this.#roomWithin(this.#condition.mostWindow) === 0) return [];
      const floor = await this.#nonces.floor();
      // What has a nonce already may have a lower one than what is being signed.
      if (this.#unsigned.due > 0) await this.#signed;
      // What the lane had in its window may all have died at once: it is replaced at once.
      const most = this.#roomWithin(this.#condition.mostWindow);
      const again = await this.#nonces.renew(this.#unsigned.take(most), floor);
      const room = Math.min(this.#roomWithin(this.#condition.window) - again.length, offered);
      // While the key signs nothing, the rest is left to other lanes.
      if (room <= 0 || (this.#signing.keyWaits && again.length > 0)) return again;
      return [...again, ...(await this.#claim(room, floor))];
    } catch (error) {
      if (!(error instanceof KeyMissingError)) throw error;
      this.#inBackground(this.#keyWatch.missing());
      return [];
    } finally {
      this.#offered -= Math.min(offered, this.#offered);
    }
  }

  async #claim(limit: number, nonceFloor: bigint): Promise<Work[]> {
    const { ledger, token, readWork, holds } = this.#options;
    const { tenants: heldTenants } = holds();
    // Not repeated here: when the answer is lost, the claim may stand, and only a fresh start sees what it took.
    const claimed = await ledger.claim({ ...token, limit, nonceFloor, heldTenants });
    return claimed.map(readWork);
  }

  /** Has a submission signed again whose transaction can never land. */
  #replace(work: Work): void {
    const { token, events } = this.#options;
    events.laneRetrying({ laneId: String(token.laneId), step: "replace", error: undefined });
    // Another transaction may have taken its nonce.
    this.#nonces.doubt();
    this.#unsigned.add(work);
  }

  #keyIsMissing(): void {
    this.#tell("key-missing");
    this.wake();
  }

  #keyIsBack(): void {
    this.#nonces.doubt();
    this.#roomAgain();
  }

  #tell(trouble: LaneTrouble): void {
    this.#options.events.laneTrouble({ laneId: String(this.#options.token.laneId), trouble });
  }

  /** Whatever goes wrong there ends this worker, not the submissions. */
  #inBackground(task: Promise<void>): void {
    const followed = task
      .catch((error: unknown) => this.#stop.abort(error))
      .finally(() => this.#background.delete(followed));
    this.#background.add(followed);
  }

  #roomAgain(): void {
    this.wake();
    this.#options.onRoom();
  }

  /** Transactions that are being signed, wait to be sent, or take a place of the window. */
  get #claimed(): number {
    return this.inWindow + this.#deliveries.ahead + this.#signs;
  }

  /** How many can be signed now. */
  #roomWithin(window: number): number {
    return Math.max(0, Math.min(MAX_BATCH, withAhead(window) - this.#claimed));
  }
}
