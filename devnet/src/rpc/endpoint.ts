import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { Chain } from "../chain/chain.ts";
import { Faults } from "../faults/faults.ts";
import { NodeHead } from "../faults/node-head.ts";
import { answerJson, type JsonServer, serveJson } from "../http-json.ts";
import { callMethod } from "./methods.ts";
import { NodeView } from "./node-view.ts";
import { internalError, RpcError, timeoutError } from "./rpc-error.ts";
import { Waiters } from "./waiters.ts";

/** One JSON-RPC endpoint over the chain, with faults of its own. */
export class Endpoint {
  readonly faults: Faults;
  readonly head: NodeHead;
  readonly #node: NodeView;
  readonly #waiters: Waiters;
  readonly #timeoutMs: number;
  readonly #stopping = new AbortController();
  #server: JsonServer | undefined;

  /** `timeoutMs` is how long a call waits for a transaction at most; `random` is for faults with a probability. */
  constructor(chain: Chain, timeoutMs: number, random: () => number) {
    this.faults = new Faults(random);
    this.head = new NodeHead(chain, () => this.#waiters.wake());
    this.#node = new NodeView(chain, () => this.head.height);
    this.#waiters = new Waiters(chain, () => this.head.height);
    this.#timeoutMs = timeoutMs;
  }

  /** The endpoint's URL, once it listens. */
  get url(): string {
    if (this.#server === undefined) throw new Error("the endpoint does not listen");
    return this.#server.url;
  }

  async listen(host: string, port: number): Promise<void> {
    this.#server = await serveJson(host, port, (body, response) => this.#answer(body, response));
  }

  async stop(): Promise<void> {
    this.#waiters.stop();
    this.#stopping.abort();
    await this.#server?.stop();
  }

  async #answer(request: unknown, response: ServerResponse): Promise<void> {
    const {
      id = null,
      method,
      params,
    } = (request ?? {}) as { id?: unknown; method?: unknown; params?: unknown };
    const name = String(method);
    const { latencyMs, kind } = this.faults.hit(name);
    if (latencyMs > 0) await delay(latencyMs, undefined, { signal: this.#stopping.signal });
    const call = () =>
      callMethod(this.#node, name, params, {
        waiters: this.#waiters,
        timeoutMs: this.#timeoutMs,
        signal: this.#stopping.signal,
        syncing: this.head.syncing,
      });
    switch (kind) {
      case "drop_before":
        response.destroy();
        return;
      case "hang_before":
        return;
      case "drop_after":
      case "hang_after":
        // The chain has acted when the call first waits.
        call().catch(() => undefined);
        if (kind === "drop_after") response.destroy();
        return;
      case "rate_limited":
        response.writeHead(429).end("Too Many Requests");
        return;
      case "bad_gateway":
        response.writeHead(502).end("Bad Gateway");
        return;
    }
    try {
      if (kind === "internal_error") throw internalError("fault switch");
      if (kind === "timeout_error") throw timeoutError();
      answerJson(response, { jsonrpc: "2.0", result: await call(), id });
    } catch (error) {
      const failure = error instanceof RpcError ? error : internalError(String(error));
      answerJson(response, { jsonrpc: "2.0", error: failure.body, id }, failure.httpStatus);
    }
  }
}
