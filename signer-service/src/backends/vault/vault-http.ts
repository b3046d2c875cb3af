import { request as requestHttp } from "node:http";
import { Agent, request as requestHttps } from "node:https";

/** Far more than any answer to what is asked; a key with hundreds of versions stays below it. */
const MAX_ANSWER_BYTES = 256 * 1024;
/** As many as the transactions of one call to the signer. */
const MAX_CONNECTIONS = 64;

/** What Vault answered. `json` is undefined if it is none. */
export interface VaultAnswer {
  readonly status: number;
  readonly json: unknown;
}

/**
 * HTTP with one Vault server, over connections that are kept. Node's `fetch` takes no certificate authority of a
 * single caller, so this is `node:https`. Redirects are not followed.
 */
export class VaultHttp {
  readonly #origin: string;
  readonly #agent: Agent;

  /** `ca` is PEM. */
  constructor(origin: string, ca: string | undefined) {
    this.#origin = origin;
    this.#agent = new Agent({
      keepAlive: true,
      // Closes idle connections before Vault does, after 5 minutes, so that no request meets a closed one.
      timeout: 60_000,
      maxSockets: MAX_CONNECTIONS,
      ...(ca === undefined ? {} : { ca }),
    });
  }

  /** Rejects if there is no whole answer, and for one of more than 256 KiB. `body` is sent as JSON. */
  async send(
    method: "GET" | "POST",
    path: string,
    headers: Readonly<Record<string, string>>,
    body: object | undefined,
    signal: AbortSignal,
  ): Promise<VaultAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<VaultAnswer>();
    const url = new URL(path, this.#origin);
    const text = body === undefined ? "" : JSON.stringify(body);
    const secure = url.protocol === "https:";
    const request = (secure ? requestHttps : requestHttp)(url, {
      method,
      headers: { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(text) },
      signal,
      ...(secure ? { agent: this.#agent } : {}),
    });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) response.destroy(new Error("an answer of more than 256 KiB"));
        else chunks.push(chunk);
      });
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, json: parse(Buffer.concat(chunks)) }),
      );
    });
    request.end(text);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
