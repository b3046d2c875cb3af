import { answersOfAll } from "./answers-of-all.ts";
import { ChainError } from "./chain-error.ts";
import type { NearRpc } from "./near-rpc.ts";
import type { BlockView, NearViews } from "./views.ts";

/** How long an answer is good, in milliseconds: about one block. Then another one is asked for. */
const MAX_AGE_MS = 1_000;
/** While it is, the answer before is good for twice as long as it took itself, and for so many milliseconds at most. */
const MAX_WAIT_MS = 3_000;
/** How far a block's time may lie ahead of this process's clock, in milliseconds. */
const MAX_CLOCK_SKEW_MS = 60_000;
/** Between two looks further apart than this, in milliseconds, the chain may have moved and stopped again. */
const MAX_LOOK_GAP_MS = 15_000;

/** When a chain counts as standing still, and who is told. */
export interface StallWatch {
  /** Without a new final block for that long, in milliseconds; 0 for never. */
  readonly afterMs: number;
  /** Told when the chain stands still at a final height, */
  readonly onStalled: (stall: { height: bigint }) => void;
  /** and when it moves again, after that many milliseconds. */
  readonly onMoves: (move: { height: bigint; stalledMs: number }) => void;
}

/**
 * The chain's final head, shared by all who need a recent one. Every endpoint that is known to answer is asked at once, so
 * that one that stands still is noticed: the highest answer counts, and neither reads nor sends go to one that is behind.
 * Final rather than newest, so that every node knows the block that a transaction names.
 */
export class Head {
  readonly #network: string;
  /** Endpoints that said they are of this network. */
  readonly #ours = new Set<number>();
  readonly #rpc: NearRpc;
  readonly #views: NearViews;
  readonly #now: () => number;
  readonly #watch: StallWatch | undefined;
  #cached: { readonly block: BlockView; readonly at: number; readonly tookMs: number } | undefined;
  #asking: Promise<BlockView> | undefined;
  /** When an endpoint's final head last rose, as far as it was watched. */
  #movedAt = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #stalled = false;

  /** Without a watch the chain is never taken to stand still. */
  constructor(network: string, rpc: NearRpc, views: NearViews, now: () => number, watch?: StallWatch) {
    this.#network = network;
    this.#rpc = rpc;
    this.#views = views;
    this.#now = now;
    this.#watch = watch;
  }

  /** Whether the chain stood still when it was looked at last. */
  get stalled(): boolean {
    return this.#stalled;
  }

  /**
   * The final head, learnt at most a second ago, or a few while a newer one is on its way from slow nodes. Throws ChainError:
   * "not-synced" while the chain stands still, so that nothing new is signed that would name an old block.
   */
  async get(): Promise<BlockView> {
    return this.#unlessStalled(await this.#latest(true));
  }

  /** The same, learnt at most a second ago: slow nodes are waited for. */
  async newest(): Promise<BlockView> {
    return this.#unlessStalled(await this.#latest(false));
  }

  #unlessStalled(block: BlockView): BlockView {
    if (!this.#stalled) return block;
    throw new ChainError("not-synced", `the chain stands still at final block ${block.height}`);
  }

  /**
   * A final height that every endpoint which answers has passed, for what must not be done too early: the slow ones are
   * waited for, so that nobody is believed for being fast. Throws ChainError when none answers.
   */
  async lowest(): Promise<bigint> {
    const asked = Array.from({ length: this.#rpc.endpointCount }, (_, endpoint) => this.#ask(endpoint));
    const answers = await Promise.allSettled(asked);
    let lowest: bigint | undefined;
    let failure: unknown;
    for (const answer of answers) {
      if (answer.status === "rejected") failure ??= answer.reason;
      else if (lowest === undefined || answer.value.height < lowest) lowest = answer.value.height;
    }
    if (lowest === undefined) throw failure;
    return lowest;
  }

  async #latest(mayBeOlder: boolean): Promise<BlockView> {
    const cached = this.#cached;
    const age = cached === undefined ? Number.POSITIVE_INFINITY : this.#now() - cached.at;
    if (cached !== undefined && age < MAX_AGE_MS) return cached.block;
    this.#asking ??= this.#refresh().finally(() => {
      this.#asking = undefined;
    });
    if (cached === undefined || !mayBeOlder) return this.#asking;
    if (age >= MAX_AGE_MS + Math.min(2 * cached.tookMs, MAX_WAIT_MS)) return this.#asking;
    // Whoever needs a newer one asks again, and is told why there is none.
    this.#asking.catch(() => undefined);
    return cached.block;
  }

  async #refresh(): Promise<BlockView> {
    const asked = this.#now();
    const answers = await this.#askAll();
    const block = answers.reduce((a, b) => (b.height > a.height ? b : a));
    const at = this.#now();
    this.#cached = { block, at, tookMs: at - asked };
    this.#judge(block.height);
    return block;
  }

  /** What nobody looked at may have moved: only time between looks that followed each other counts. */
  #judge(height: bigint): void {
    if (this.#watch === undefined || this.#watch.afterMs === 0 || this.#stalled) return;
    const now = this.#now();
    if (now - this.#lookedAt > MAX_LOOK_GAP_MS) this.#movedAt = now;
    this.#lookedAt = now;
    if (now - this.#movedAt < this.#watch.afterMs) return;
    this.#stalled = true;
    this.#watch.onStalled({ height });
  }

  #noteMove(height: bigint): void {
    const now = this.#now();
    if (this.#stalled) this.#watch?.onMoves({ height, stalledMs: now - this.#movedAt });
    this.#stalled = false;
    this.#movedAt = now;
  }

  /** The final heads of all endpoints that are known to answer and are not much slower than the first; at least one. */
  #askAll(): Promise<BlockView[]> {
    return answersOfAll(this.#rpc.endpoints.answering(), (endpoint) => this.#ask(endpoint));
  }

  async #ask(endpoint: number): Promise<BlockView> {
    const health = this.#rpc.endpoints.at(endpoint);
    await this.#checkNetwork(endpoint);
    const block = await this.#views.block("final", { endpoint });
    if (block.timeMs > this.#now() + MAX_CLOCK_SKEW_MS) {
      health.noteHead(undefined);
      throw new ChainError("unavailable", `endpoint ${endpoint} shows a block of the future`);
    }
    if (health.noteHead(block.height)) this.#noteMove(block.height);
    return block;
  }

  /** An endpoint of another network would take signed bytes that ours then takes as well. */
  async #checkNetwork(endpoint: number): Promise<void> {
    if (this.#ours.has(endpoint)) return;
    const { chainId } = await this.#views.status({ endpoint });
    if (chainId !== this.#network) {
      this.#rpc.endpoints.at(endpoint).noteHead(undefined);
      throw new ChainError("unavailable", `endpoint ${endpoint} is of another network than ${this.#network}`);
    }
    this.#ours.add(endpoint);
  }
}
