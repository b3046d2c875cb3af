import { ChainError } from "./chain-error.ts";
import type { NearRpc } from "./near-rpc.ts";
import type { BlockView, NearViews } from "./views.ts";

/** How long an answer is good, in milliseconds: about one block. */
const MAX_AGE_MS = 1_000;
/** How long the other endpoints are waited for after the first has answered, in milliseconds. */
const OTHERS_MS = 500;
/** How far a block's time may lie ahead of this process's clock, in milliseconds. */
const MAX_CLOCK_SKEW_MS = 60_000;

/**
 * The chain's final head, shared by all who need a recent one. Every endpoint is asked at once, so that one that
 * stands still is noticed: the highest answer counts, and reads go to the endpoint that gave it from then on.
 * Final rather than newest, so that every node knows the block that a transaction names.
 */
export class Head {
  readonly #network: string;
  /** Endpoints that said they are of this network. */
  readonly #ours = new Set<number>();
  readonly #rpc: NearRpc;
  readonly #views: NearViews;
  readonly #now: () => number;
  #cached: { block: BlockView; at: number } | undefined;
  #asking: Promise<BlockView> | undefined;

  constructor(network: string, rpc: NearRpc, views: NearViews, now: () => number) {
    this.#network = network;
    this.#rpc = rpc;
    this.#views = views;
    this.#now = now;
  }

  /** The final head, learnt at most a second ago. Throws ChainError. */
  async get(): Promise<BlockView> {
    if (this.#cached !== undefined && this.#now() - this.#cached.at < MAX_AGE_MS) return this.#cached.block;
    this.#asking ??= this.#refresh().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /**
   * A final height that every endpoint which answers has passed, for what must not be done too early. Throws
   * ChainError when none answers.
   */
  async lowest(): Promise<bigint> {
    const [first, ...others] = (await this.#askAll()).map(({ block }) => block.height);
    let lowest = first ?? 0n;
    for (const height of others) if (height < lowest) lowest = height;
    return lowest;
  }

  async #refresh(): Promise<BlockView> {
    const answers = await this.#askAll();
    const best = answers.reduce((a, b) => (b.block.height > a.block.height ? b : a));
    this.#rpc.prefer(best.endpoint);
    this.#cached = { block: best.block, at: this.#now() };
    return best.block;
  }

  /** The answers of all endpoints that are not much slower than the first; at least one. */
  async #askAll(): Promise<{ endpoint: number; block: BlockView }[]> {
    const answers: { endpoint: number; block: BlockView }[] = [];
    const asked = Array.from({ length: this.#rpc.endpointCount }, async (_, endpoint) => {
      await this.#checkNetwork(endpoint);
      const block = await this.#views.block("final", { endpoint });
      if (block.timeMs > this.#now() + MAX_CLOCK_SKEW_MS) {
        throw new ChainError("unavailable", `endpoint ${endpoint} shows a block of the future`);
      }
      answers.push({ endpoint, block });
    });
    const all = Promise.allSettled(asked);
    try {
      await Promise.any(asked);
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, OTHERS_MS);
    });
    await Promise.race([all, enough]);
    clearTimeout(timer);
    return [...answers];
  }

  /** An endpoint of another network would take signed bytes that ours then takes as well. */
  async #checkNetwork(endpoint: number): Promise<void> {
    if (this.#ours.has(endpoint)) return;
    const { chainId } = await this.#views.status({ endpoint });
    if (chainId !== this.#network) {
      throw new ChainError("unavailable", `endpoint ${endpoint} is of another network than ${this.#network}`);
    }
    this.#ours.add(endpoint);
  }
}
