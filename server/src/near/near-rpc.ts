import { setTimeout as delay } from "node:timers/promises";
import { ChainError } from "./chain-error.ts";
import { classify } from "./classify.ts";
import { callEndpoint, type Endpoint, RpcError } from "./json-rpc.ts";

/** How calls to NEAR are made. Times in milliseconds. */
export interface NearRpcOptions {
  readonly endpoints: readonly Endpoint[];
  readonly timeoutMs: number;
  /** How often a call is made again after a transient failure, each time at the next endpoint. */
  readonly retries: number;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** Told of every failed attempt. */
  readonly onFailure?: (failure: { endpoint: number; method: string; error: ChainError }) => void;
}

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 2_000;

/**
 * Calls NEAR's JSON-RPC at several endpoints. A transient failure is tried again at the next endpoint after a
 * jittered, growing pause; the endpoint that answered last is asked first the next time.
 */
export class NearRpc {
  readonly #options: NearRpcOptions;
  #preferred = 0;

  constructor(options: NearRpcOptions) {
    this.#options = options;
  }

  /** Makes an endpoint, by its index, the first that `call` asks. */
  prefer(endpoint: number): void {
    this.#preferred = endpoint;
  }

  get endpointCount(): number {
    return this.#options.endpoints.length;
  }

  /**
   * One call, repeated on transient failures. Only for calls that may be repeated: all reads, and sends,
   * which NEAR makes idempotent by hash.
   *
   * @throws ChainError
   */
  async call(method: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    const first = this.#preferred;
    for (let attempt = 0; ; attempt++) {
      const endpoint = (first + attempt) % this.endpointCount;
      try {
        const result = await this.callAt(endpoint, method, params, signal);
        this.#preferred = endpoint;
        return result;
      } catch (error) {
        if (!(error instanceof ChainError) || !error.transient || attempt >= this.#options.retries)
          throw error;
      }
      await delay(this.#backoff(attempt), undefined, signal === undefined ? {} : { signal });
    }
  }

  /** One call to one endpoint by its index, without retries. Throws ChainError. */
  async callAt(endpoint: number, method: string, params: unknown, signal?: AbortSignal): Promise<unknown> {
    const target = this.#options.endpoints[endpoint];
    if (target === undefined) throw new RangeError(`no endpoint ${endpoint}`);
    try {
      return await callEndpoint(target, method, params, {
        timeoutMs: this.#options.timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      const classified = error instanceof RpcError ? classify(error) : error;
      if (classified instanceof ChainError) {
        this.#options.onFailure?.({ endpoint, method, error: classified });
      }
      throw classified;
    }
  }

  /** Full jitter: between zero and a bound that doubles from attempt to attempt. */
  #backoff(attempt: number): number {
    return this.#options.random() * Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
  }
}
