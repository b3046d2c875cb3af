import { setTimeout as delay } from "node:timers/promises";
import { ChainError } from "./chain-error.ts";
import { classify } from "./classify.ts";
import type { CallUse } from "./endpoint-health.ts";
import { type BreakerChange, Endpoints } from "./endpoints.ts";
import { HedgeBudget, hedged } from "./hedge.ts";
import { callEndpoint, type Endpoint, RpcError } from "./json-rpc.ts";
import type { Post } from "./post.ts";

/** How calls to NEAR are made. Times in milliseconds. */
export interface NearRpcOptions {
  readonly post: Post;
  readonly endpoints: readonly Endpoint[];
  readonly timeoutMs: number;
  /** How often a call is made again after a transient failure, each time at the next endpoint. */
  readonly retries: number;
  /** Whether a read whose answer is late is asked at a second endpoint, too. */
  readonly hedgeReads: boolean;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** Told of every failed attempt. */
  readonly onFailure?: (failure: { endpoint: number; method: string; error: ChainError }) => void;
  readonly onBreaker?: (change: BreakerChange) => void;
  /** Told when a second endpoint is asked, and which one that is. */
  readonly onHedge?: (hedge: { endpoint: number; method: string }) => void;
}

export interface CallOptions<T> {
  /** Reads the answer. Throws ChainError for one that cannot be read, or says no. */
  readonly read: (answer: unknown) => T;
  /** "read" without. */
  readonly use?: CallUse;
  /** The only endpoint that is asked, by its index, and once; the best ones without. */
  readonly endpoint?: number | undefined;
  /** The endpoint that is asked first while it takes such calls; the best one without. */
  readonly first?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

interface Call<T> extends CallOptions<T> {
  readonly method: string;
  readonly params: unknown;
  readonly use: CallUse;
}

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;

/**
 * Calls NEAR's JSON-RPC at several endpoints. The healthiest is asked first, a second one when that is late; a transient
 * failure is tried again at the next endpoint after a jittered, growing pause.
 */
export class NearRpc {
  readonly #options: NearRpcOptions;
  readonly #hedges = new HedgeBudget();
  readonly endpoints: Endpoints;

  constructor(options: NearRpcOptions) {
    this.#options = options;
    const { now, random, onBreaker } = options;
    this.endpoints = new Endpoints({ count: options.endpoints.length, now, random, onBreaker });
  }

  get endpointCount(): number {
    return this.endpoints.count;
  }

  /**
   * One call. Without an endpoint it is repeated on transient failures: only for calls that may be, so for reads.
   *
   * @throws ChainError
   */
  async call<T>(method: string, params: unknown, options: CallOptions<T>): Promise<T> {
    const call: Call<T> = { use: "read", ...options, method, params };
    if (call.endpoint !== undefined) return this.#ask(call.endpoint, call, call.signal);
    if (call.use === "read") this.#hedges.earn();
    const tried = new Set<number>();
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#attempt(call, tried);
      } catch (error) {
        if (!(error instanceof ChainError) || !error.transient || attempt >= this.#options.retries)
          throw error;
      }
      const pause = Math.max(this.#backoff(attempt), Math.min(this.endpoints.heldMs, MAX_BACKOFF_MS));
      await delay(pause, undefined, call.signal === undefined ? {} : { signal: call.signal });
    }
  }

  /** Asks the best endpoint that was not tried yet, and the next best when it is late. */
  async #attempt<T>(call: Call<T>, tried: Set<number>): Promise<T> {
    if (tried.size === this.endpointCount) tried.clear();
    const ranked = this.endpoints.ranked(call.use).filter(({ endpoint }) => !tried.has(endpoint));
    const wished = ranked.find(({ endpoint, takes }) => takes && endpoint === call.first);
    const first = wished ?? ranked[0];
    if (first === undefined) throw new RangeError("no endpoint");
    const second = ranked.find((one) => one !== first);
    tried.add(first.endpoint);
    const ask = async (signal?: AbortSignal) => {
      const answer = await this.#ask(first.endpoint, call, signal);
      if (wished === undefined) this.endpoints.stayAt(first.endpoint);
      return answer;
    };
    if (!this.#options.hedgeReads || call.use !== "read" || second?.takes !== true) return ask(call.signal);
    return this.#hedge(first.endpoint, ask, second.endpoint, call, () => tried.add(second.endpoint));
  }

  async #hedge<T>(
    first: number,
    askFirst: (signal: AbortSignal) => Promise<T>,
    second: number,
    call: Call<T>,
    onSecond: () => void,
  ): Promise<T> {
    const { now, onHedge } = this.#options;
    const { latencies } = this.endpoints.at(first);
    const began = now();
    let firstWaits = true;
    const outrun = () => {
      if (firstWaits) this.endpoints.at(first).outrun(now() - began);
    };
    return hedged({
      first: (signal) =>
        askFirst(signal).finally(() => {
          firstWaits = false;
        }),
      second: () => {
        if (!this.#hedges.spend()) return undefined;
        onSecond();
        onHedge?.({ endpoint: second, method: call.method });
        return async (signal) => {
          try {
            const answer = await this.#ask(second, call, signal);
            outrun();
            return answer;
          } catch (error) {
            if (error instanceof ChainError && !error.transient) outrun();
            throw error;
          }
        };
      },
      afterMs: latencies.lateMs,
      signal: call.signal,
    });
  }

  /** One call to one endpoint. Throws ChainError. */
  async #ask<T>(endpoint: number, call: Call<T>, signal: AbortSignal | undefined): Promise<T> {
    const { method, params, use, read } = call;
    const { post, endpoints, timeoutMs, now, onFailure } = this.#options;
    const health = this.endpoints.at(endpoint);
    const target = endpoints[endpoint];
    if (target === undefined) throw new RangeError(`no endpoint ${endpoint}`);
    if (health.heldMs > 0)
      throw new ChainError("rate-limited", "the node asked not to be called for a while");
    const began = now();
    health.begin(use);
    try {
      const value = read(await callEndpoint(post, target, method, params, { timeoutMs, signal }));
      health.answered(use, now() - began);
      return value;
    } catch (error) {
      const classified = error instanceof RpcError ? classify(error) : error;
      if (!(classified instanceof ChainError)) {
        health.abandoned(use);
        throw classified;
      }
      const isAnswer = !classified.transient;
      if (!isAnswer || error instanceof RpcError) onFailure?.({ endpoint, method, error: classified });
      if (isAnswer) health.answered(use, now() - began);
      else if (isPatience(use, classified, error)) health.abandoned(use);
      else health.failed(use, classified);
      throw classified;
    }
  }

  /** Full jitter: between zero and a bound that doubles from attempt to attempt. */
  #backoff(attempt: number): number {
    return this.#options.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
  }
}

/** Whether an endpoint only waited in vain for the chain, as it was asked to. */
function isPatience(use: CallUse, { kind }: ChainError, error: unknown): boolean {
  return kind === "timeout" && (use === "wait" || (use === "send" && error instanceof RpcError));
}
