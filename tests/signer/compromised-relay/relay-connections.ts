import { createHash, createHmac, randomBytes } from "node:crypto";
import http2 from "node:http2";
import { buffer } from "node:stream/consumers";
import type { Transport } from "@connectrpc/connect";
import type { UniversalClientFn } from "@connectrpc/connect/protocol";
import { createTransport as connectTransport } from "@connectrpc/connect/protocol-connect";
import { createTransport as grpcTransport } from "@connectrpc/connect/protocol-grpc";
import { createNodeHttpClient, Http2SessionManager } from "@connectrpc/connect-node";
import { AUDIENCE, type RelaySecrets } from "./operated-signer.ts";

export type Protocol = "gRPC" | "Connect JSON";
export const PROTOCOLS: readonly Protocol[] = ["gRPC", "Connect JSON"];

/** A request as it went over the wire. */
export interface Sent {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

/** The relay's way to its signer, with its certificate and with its signature on every request. */
export class RelayConnections {
  readonly #secrets: RelaySecrets;
  readonly #sessions = new Set<Http2SessionManager>();
  /** The last request of any transport. */
  lastSent: Sent | undefined;

  constructor(secrets: RelaySecrets) {
    this.#secrets = secrets;
  }

  /** HMAC-SHA256 over a request, as the signer wants it of its relay. */
  signedHeaders(path: string, body: Uint8Array): Record<string, string> {
    const { id, service, secret } = this.#secrets.requestKey;
    const [timestamp, nonce] = [String(Date.now()), randomBytes(16).toString("base64url")];
    const content = sha256(body).toString("base64url");
    const lines = ["countersign request v1", service, AUDIENCE, path, timestamp, nonce, content, id];
    return {
      "x-countersign-service": service,
      "x-countersign-key-id": id,
      "x-countersign-timestamp": timestamp,
      "x-countersign-nonce": nonce,
      "x-countersign-content-sha256": content,
      "x-countersign-signature": createHmac("sha256", secret).update(lines.join("\n")).digest("base64url"),
    };
  }

  /** Posts bytes over a connection of their own: the HTTP status, the headers and trailers, and the answer's body. */
  async post(address: string, { path, headers, body }: Sent) {
    const session = http2.connect(address, this.#secrets.tls);
    try {
      const stream = session.request({ ":method": "POST", ":path": path, ...headers });
      const seen: Record<string, unknown> = {};
      stream.on("response", (h) => Object.assign(seen, h));
      stream.on("trailers", (h) => Object.assign(seen, h));
      stream.end(body);
      const answer = await buffer(stream);
      return { status: Number(seen[":status"]), headers: seen, body: answer };
    } finally {
      session.destroy();
    }
  }

  /** Another connection with the relay's certificate, which signs its requests. */
  connect(address: string, protocol: Protocol): Transport {
    const sessions = new Http2SessionManager(address, undefined, this.#secrets.tls);
    this.#sessions.add(sessions);
    const plain = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => sessions });
    const httpClient: UniversalClientFn = async (request) => {
      const body = request.body === undefined ? Buffer.alloc(0) : await buffer(request.body);
      const { pathname: path, search } = new URL(request.url);
      const header = new Headers(request.header);
      for (const [name, value] of Object.entries(this.signedHeaders(`${path}${search}`, body))) {
        header.set(name, value);
      }
      this.lastSent = { path: `${path}${search}`, headers: Object.fromEntries(header), body };
      return plain({ ...request, header, ...(request.body === undefined ? {} : { body: once(body) }) });
    };
    const common = {
      httpClient,
      baseUrl: address,
      useBinaryFormat: protocol === "gRPC",
      interceptors: [],
      acceptCompression: [],
      sendCompression: null,
      compressMinBytes: 1024,
      readMaxBytes: 64 * 1024 * 1024,
      writeMaxBytes: 64 * 1024 * 1024,
    };
    return protocol === "gRPC" ? grpcTransport(common) : connectTransport(common);
  }

  /** Ends every connection. */
  close(): void {
    for (const sessions of this.#sessions) sessions.abort();
    this.#sessions.clear();
  }
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
