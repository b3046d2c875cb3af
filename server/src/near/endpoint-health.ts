import type { ChainError, ChainErrorKind } from "./chain-error.ts";
import { type BreakerState, CircuitBreaker } from "./circuit-breaker.ts";
import { Latencies } from "./latencies.ts";

/**
 * What a call is for. "wait" is a read that a node answers only once the chain is so far: how long that takes says nothing
 * about the node. Sends have a breaker of their own: a node that answers reads may lose transactions.
 */
export type CallUse = "read" | "wait" | "send";

/** The breakers of an endpoint. */
export type BreakerName = "reads" | "sends";

/** How an endpoint does, for operators: nothing of its address. */
export interface EndpointReport {
  readonly reads: BreakerState;
  readonly sends: BreakerState;
  /** From 0 to 1: the share of calls that were answered lately, less for slow answers and for a head that is behind. */
  readonly score: number;
  /** Of reads; undefined before the first. */
  readonly latencyMs: number | undefined;
  /** How far its final head is behind the highest; undefined while it shows none that is believed. */
  readonly blocksBehind: number | undefined;
}

/** Weight of the newest outcome in the share of good ones. */
const NEWEST = 0.2;
/** Longest that an endpoint is left alone because it asks for it, in milliseconds. */
const MAX_ASKED_MS = 60_000;
/** What a failure counts for. A node that asks to be left alone, or was only slow, is not a broken one. */
const WORTH: Partial<Record<ChainErrorKind | "slow", number>> = { "rate-limited": 0.5, slow: 0.5 };
/** The mean latency that halves a score, in milliseconds, and what is assumed before the first answer. */
const HALVING_LATENCY_MS = 1_000;
const ASSUMED_LATENCY_MS = 100;
/**
 * Final blocks that an endpoint may be behind the highest. Transactions name the highest final block; a node that is
 * further behind has not seen that one at all, for its own newest block is two ahead of its final one.
 */
const BLOCKS_BEHIND = 2;

export interface EndpointHealthOptions {
  readonly now: () => number;
  readonly random: () => number;
  readonly onBreaker: (breaker: BreakerName, to: "CLOSED" | "OPEN") => void;
}

/** What recent calls say about one endpoint. */
export class EndpointHealth {
  readonly latencies = new Latencies();
  readonly #now: () => number;
  readonly #reads: CircuitBreaker;
  readonly #sends: CircuitBreaker;
  /** Moving share of good outcomes. */
  #good = 1;
  /** Until when it asked not to be called. */
  #heldUntil = 0;
  #height: bigint | undefined;
  #isBelieved = true;

  constructor({ now, random, onBreaker }: EndpointHealthOptions) {
    this.#now = now;
    const breaker = (name: BreakerName) =>
      new CircuitBreaker({ now, random, onChange: (to) => onBreaker(name, to) });
    this.#reads = breaker("reads");
    this.#sends = breaker("sends");
  }

  /** Its final height when it was asked last; undefined before, and while it shows none that is believed. */
  get height(): bigint | undefined {
    return this.#isBelieved ? this.#height : undefined;
  }

  /** For how long it asked not to be called, in milliseconds; 0 for not at all. */
  get heldMs(): number {
    return Math.max(0, this.#heldUntil - this.#now());
  }

  begin(use: CallUse): void {
    this.#breaker(use).begin();
  }

  /** It answered, whatever the answer says. */
  answered(use: CallUse, ms: number): void {
    this.#breaker(use).succeeded();
    this.#count(1);
    if (use === "read") this.latencies.add(ms);
  }

  /** It gave no usable answer. */
  failed(use: CallUse, { kind, retryAfterMs }: ChainError): void {
    this.#breaker(use).failed();
    this.#count(WORTH[kind] ?? 0);
    if (retryAfterMs !== undefined) this.#heldUntil = this.#now() + Math.min(retryAfterMs, MAX_ASKED_MS);
  }

  /** Another endpoint, asked later, answered a read before it: it took that long at least. */
  outrun(ms: number): void {
    this.#reads.failed();
    this.#count(WORTH.slow ?? 0);
    this.latencies.add(ms);
  }

  /** The call ended and says nothing about the endpoint. */
  abandoned(use: CallUse): void {
    this.#breaker(use).abandoned();
  }

  /** Notes its final height; undefined for an answer that is not believed. Says whether that is above the one before. */
  noteHead(height: bigint | undefined): boolean {
    this.#isBelieved = height !== undefined;
    if (height === undefined) return false;
    const moved = this.#height !== undefined && height > this.#height;
    this.#height = height;
    return moved;
  }

  /** Whether calls should go there now, with the highest final head of all endpoints given. */
  takes(use: CallUse, best: bigint): boolean {
    if (!this.#isBelieved || this.heldMs > 0 || this.#blocksBehind(best) > BLOCKS_BEHIND) return false;
    return use === "send" ? this.#reads.state !== "OPEN" && this.#sends.admits : this.#reads.admits;
  }

  /** Whether a question that all endpoints are asked should reach it, too: not while it is known to give no answer. */
  get takesQuestions(): boolean {
    return this.heldMs === 0 && this.#reads.admits;
  }

  /** Whether reads failed there again and again, and it has answered none since. */
  get isDown(): boolean {
    return this.#reads.state !== "CLOSED";
  }

  score(best: bigint): number {
    if (!this.#isBelieved) return 0;
    const speed = 1 / (1 + (this.latencies.meanMs ?? ASSUMED_LATENCY_MS) / HALVING_LATENCY_MS);
    return (this.#good * speed) / Math.max(1, this.#blocksBehind(best) - BLOCKS_BEHIND + 1);
  }

  report(best: bigint): EndpointReport {
    return {
      reads: this.#reads.state,
      sends: this.#sends.state,
      score: this.score(best),
      latencyMs: this.latencies.meanMs,
      blocksBehind: this.height === undefined ? undefined : this.#blocksBehind(best),
    };
  }

  #breaker(use: CallUse): CircuitBreaker {
    return use === "send" ? this.#sends : this.#reads;
  }

  #count(worth: number): void {
    this.#good += NEWEST * (worth - this.#good);
  }

  #blocksBehind(best: bigint): number {
    return this.#height === undefined ? 0 : Math.max(0, Number(best - this.#height));
  }
}
