import { randomBytes } from "node:crypto";
import type { SecureClientSessionOptions } from "node:http2";
import http2 from "node:http2";
import { buffer, text } from "node:stream/consumers";
import type { Transport } from "@connectrpc/connect";
import type { UniversalClientFn, UniversalClientRequest } from "@connectrpc/connect/protocol";
import { createTransport as connectTransport } from "@connectrpc/connect/protocol-connect";
import { createTransport as grpcTransport } from "@connectrpc/connect/protocol-grpc";
import { createTransport as grpcWebTransport } from "@connectrpc/connect/protocol-grpc-web";
import { createNodeHttpClient, Http2SessionManager } from "@connectrpc/connect-node";
import { signingHttpClient } from "@countersign/server/signer-client/request-signing.ts";
import type { RequestKey } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import { AUDIENCE, requestKey } from "./gated-signer.ts";

export const PROTOCOLS = ["Connect", "Connect GET", "gRPC", "gRPC-Web"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export interface SigningOptions {
  protocol?: Protocol;
  /** Null for requests that are not signed. */
  key?: RequestKey | null;
  audience?: string;
  now?: () => Date;
  tls?: SecureClientSessionOptions;
  /** What becomes of a request on its way, after it was signed. */
  onWire?: (request: UniversalClientRequest) => UniversalClientRequest | Promise<UniversalClientRequest>;
}

/** A transport over HTTP/2 that signs with "k1" for AUDIENCE, if nothing else is asked for. */
export function signingTransport(baseUrl: string, options: SigningOptions = {}): Transport {
  const { protocol = "gRPC", key = requestKey(), onWire = (request) => request } = options;
  const sessions = new Http2SessionManager(baseUrl, undefined, options.tls);
  onTestFinished(() => sessions.abort());
  const plain = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => sessions });
  const wire: UniversalClientFn = async (request) => plain(await onWire(request));
  const { audience = AUDIENCE, now = () => new Date() } = options;
  const httpClient =
    key === null ? wire : signingHttpClient(wire, { key, audience, now, randomBytes, maxBytes: 1_048_576 });
  const common = {
    httpClient,
    baseUrl,
    useBinaryFormat: true,
    interceptors: [],
    acceptCompression: [],
    sendCompression: null,
    compressMinBytes: 1024,
    readMaxBytes: 1_048_576,
    writeMaxBytes: 1_048_576,
  };
  if (protocol === "gRPC") return grpcTransport(common);
  if (protocol === "gRPC-Web") return grpcWebTransport(common);
  return connectTransport({ ...common, useHttpGet: protocol === "Connect GET" });
}

/** The whole body of a request. */
export const bodyOf = async (request: UniversalClientRequest): Promise<Buffer> =>
  request.body === undefined ? Buffer.alloc(0) : buffer(request.body);

/** A request as it was on the wire, to be sent again or altered. */
export interface Recorded {
  url: string;
  method: string;
  header: Headers;
  body: Buffer;
}

/** For `onWire`: keeps what passes. */
export function recorder(): { onWire: NonNullable<SigningOptions["onWire"]>; last(): Recorded } {
  let last: Recorded | undefined;
  return {
    async onWire(request) {
      const body = await bodyOf(request);
      last = { url: request.url, method: request.method, header: new Headers(request.header), body };
      return request.body === undefined ? request : { ...request, body: chunks(body) };
    },
    last() {
      if (last === undefined) throw new Error("no request was recorded");
      return last;
    },
  };
}

/** A body of these bytes. */
export async function* chunks(...parts: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

/** Sends a request as it stands over HTTP/2; answers with its HTTP status and body, Connect's way to say what happened. */
export async function send(
  recorded: Recorded,
  alter: (headers: http2.OutgoingHttpHeaders) => http2.OutgoingHttpHeaders = (headers) => headers,
): Promise<{ status: number; text: string }> {
  const { origin, pathname, search } = new URL(recorded.url);
  const session = http2.connect(origin);
  try {
    const headers = {
      ...Object.fromEntries(recorded.header),
      ":method": recorded.method,
      ":path": `${pathname}${search}`,
    };
    const stream = session.request(alter(headers), { endStream: recorded.body.length === 0 });
    let status = 0;
    stream.on("response", (answer) => {
      status = Number(answer[":status"]);
    });
    if (recorded.body.length > 0) stream.end(recorded.body);
    return { text: await text(stream), status };
  } finally {
    session.destroy();
  }
}
