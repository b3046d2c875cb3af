import { LaneWindow } from "./lane-window.ts";

/** A key that somebody else uses so many times within so many milliseconds is not this lane's alone. */
const MOST_FOREIGN_USES = 5;
const WITHIN_MS = 60_000;
/** The first quarantine, in milliseconds; each one after it lasts twice as long, up to a most. */
const FIRST_QUARANTINE_MS = 5_000;
const LONGEST_QUARANTINE_MS = 300_000;
/** After so many milliseconds without a quarantine the next one counts as the first. */
const FORGIVEN_MS = 600_000;

/**
 * How well a lane's own transactions do. It says how many of them may be under way, and takes a lane out for a while
 * whose key somebody else uses again and again; one transaction that lands brings it back.
 */
export class LaneHealth {
  readonly #window: LaneWindow;
  readonly #now: () => Date;
  /** What is lost, or dies, with a nonce up to these is part of a trouble that was counted. */
  #lostUpTo = -1n;
  #diedUpTo = -1n;
  /** When somebody else used the key, lately. */
  #foreignUses: number[] = [];
  #until = Number.NEGATIVE_INFINITY;
  #lastMs = 0;
  /** The highest nonce that was signed before the last quarantine. */
  #signedBefore = -1n;
  /** Whether nothing has landed that was signed since the last quarantine began. */
  #isProbing = false;

  constructor(window: number, now: () => Date) {
    this.#window = new LaneWindow(window);
    this.#now = now;
  }

  get mode(): "well" | "quarantined" | "probing" {
    if (!this.#isProbing) return "well";
    return this.#now().getTime() < this.#until ? "quarantined" : "probing";
  }

  /** How many transactions may be sent and not known to stand in a block. */
  get window(): number {
    const { mode } = this;
    if (mode === "quarantined") return 0;
    return mode === "probing" ? 1 : this.#window.size;
  }

  /** The transaction with that nonce stands in a block. */
  landed(nonce: bigint): void {
    this.#window.landed();
    if (!this.#isProbing || nonce <= this.#signedBefore) return;
    this.#isProbing = false;
    this.#window.restart();
  }

  /** A node does not have what was sent. `sentUpTo` is the highest nonce that was sent by now. */
  lost(nonce: bigint, sentUpTo: bigint): void {
    if (nonce <= this.#lostUpTo) return;
    this.#lostUpTo = sentUpTo;
    this.#window.trouble(true);
  }

  /**
   * The transaction with that nonce can never land. Those that were signed by then, up to `signedUpTo`, count as one trouble:
   * gives the highest of their nonces.
   */
  died(nonce: bigint, signedUpTo: bigint): bigint {
    if (nonce <= this.#diedUpTo) return this.#diedUpTo;
    this.#diedUpTo = signedUpTo;
    this.#window.trouble(false);
    if (this.#isProbing && nonce > this.#signedBefore) this.#quarantine(signedUpTo);
    return signedUpTo;
  }

  /** The chain is past all that was sent: somebody else uses the key. `signedUpTo` is the highest nonce signed by now. */
  usedElsewhere(signedUpTo: bigint): void {
    const at = this.#now().getTime();
    this.#foreignUses = [...this.#foreignUses.filter((before) => at - before < WITHIN_MS), at];
    if (this.#foreignUses.length >= MOST_FOREIGN_USES) this.#quarantine(signedUpTo);
  }

  #quarantine(signedUpTo: bigint): void {
    const at = this.#now().getTime();
    const isAnother = at - this.#until < FORGIVEN_MS;
    this.#lastMs = isAnother ? Math.min(LONGEST_QUARANTINE_MS, this.#lastMs * 2) : FIRST_QUARANTINE_MS;
    this.#until = at + this.#lastMs;
    this.#isProbing = true;
    this.#signedBefore = signedUpTo;
    this.#foreignUses = [];
  }
}
