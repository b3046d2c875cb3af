import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A request as it came, its body read whole. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path with query. */
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** What happens to one request instead of its answer. "hang": nothing comes; "cut": half of the answer comes. */
export type Fault = "hang" | "cut" | "reset" | Answer | ((answer: Answer) => Answer);

/** An HTTP server on a free port of this machine, until the test ends, whose next answers may be spoilt. */
export class LocalServer {
  readonly requests: ReceivedRequest[] = [];
  readonly #server: Server;
  readonly #faults: Fault[] = [];

  readonly #scheme: string;

  private constructor(answer: (request: ReceivedRequest) => Answer, tls: TlsPair | undefined) {
    this.#scheme = tls === undefined ? "http" : "https";
    this.#server = tls === undefined ? createServer() : createTlsServer(tls);
    this.#server.on("request", async (message, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk);
      const { method = "", url = "", headers } = message;
      const request = { method, target: url, headers, body: Buffer.concat(chunks) };
      this.requests.push(request);
      send(response, this.#faults.shift(), () => answer(request));
    });
  }

  /** Over TLS if there is a pair of certificate and key (PEM) for it. */
  static async start(answer: (request: ReceivedRequest) => Answer, tls?: TlsPair): Promise<LocalServer> {
    const local = new LocalServer(answer, tls);
    local.#server.listen(0, "127.0.0.1");
    await once(local.#server, "listening");
    onTestFinished(() => local.stop());
    return local;
  }

  get origin(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The next requests meet these faults, one each. */
  spoil(...faults: Fault[]): void {
    this.#faults.push(...faults);
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

function send(response: ServerResponse, fault: Fault | undefined, answer: () => Answer): void {
  if (fault === "hang") return;
  if (fault === "reset") {
    response.destroy();
    return;
  }
  const whole = answerOf(fault, answer);
  const body = Buffer.from(whole.body);
  response.writeHead(whole.status, { ...whole.headers, "content-length": body.length });
  if (fault !== "cut") {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, body.length / 2), () => response.destroy());
}

function answerOf(fault: Exclude<Fault, "hang" | "reset"> | undefined, answer: () => Answer): Answer {
  if (typeof fault === "function") return fault(answer());
  return fault === undefined || fault === "cut" ? answer() : fault;
}
