import { Agent, request } from "node:http";
import { buffer } from "node:stream/consumers";
import type { DescMethod } from "@bufbuild/protobuf";
import { CallFailedError, codeOf, type RawCaller } from "./raw-client.ts";

/** RawClient's calls over HTTP/1.1, as a proxy makes them: each over a connection that no other call is using, and that is kept. */
export class RawHttp1Client implements RawCaller {
  readonly #agent = new Agent({ keepAlive: true, scheduling: "lifo" });
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;

  /** `headers` are added to each call's. */
  constructor(url: string, { parent, name }: DescMethod, headers: Readonly<Record<string, string>> = {}) {
    this.#url = new URL(`/${parent.typeName}/${name}`, url);
    this.#headers = { "content-type": "application/proto", "connect-protocol-version": "1", ...headers };
  }

  async call(message: Uint8Array): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const headers = { ...this.#headers, "content-length": message.length };
    const sent = request(this.#url, { agent: this.#agent, method: "POST", headers }, (response) => {
      const { statusCode } = response;
      buffer(response)
        .then((body) => {
          if (statusCode === 200) return body;
          const what = `${this.#url.pathname} ended with HTTP status ${statusCode}: ${body}`;
          throw new CallFailedError(what, codeOf(body));
        })
        .then(resolve, reject);
    });
    sent.on("error", reject);
    sent.end(message);
    return promise;
  }

  close(): void {
    this.#agent.destroy();
  }
}
