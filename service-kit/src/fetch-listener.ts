import { Code, ConnectError, type ContextValues, createContextValues } from "@connectrpc/connect";
import { type UniversalServerRequest, universalServerResponseToFetch } from "@connectrpc/connect/protocol";
import type { Logger } from "pino";
import { BodyBudget, type BodyShare, defaultBodiesMaxBytes } from "./body-budget.ts";
import { withShare } from "./bounded-gzip.ts";
import { type Peer, peerKey, requestIdKey } from "./call-context.ts";
import { toConnectError } from "./connect-errors.ts";
import { mappedGate } from "./gate.ts";
import type { FilteredResponse, HttpFilter } from "./http-filter.ts";
import { REQUEST_ID_HEADER, requestIdFrom } from "./request-id.ts";
import { createRpcRouter, type RpcRouterOptions } from "./rpc-router.ts";

export interface FetchListenerOptions extends Omit<RpcRouterOptions, "platform"> {
  /** In which a body must be there, in milliseconds. */
  readonly bodyTimeoutMs: number;
  /** What is answered besides RPCs. */
  readonly filter?: HttpFilter | undefined;
  readonly log: Logger;
}

/** Answers one request of the peer. Never rejects. */
export type FetchListener = (request: Request, peer: Pick<Peer, "address">) => Promise<Response>;

/** The largest that Connect takes: nothing is compressed. */
const MAX_BYTES = 0xffffffff;
/** Each message of a stream stands in an envelope of five bytes; more than a few messages do not stand together. */
const ENVELOPES_BYTES = 1024;

/**
 * Serves RPCs in Connect and gRPC-Web where requests and answers are those of fetch: the twin of `createRpcListener`. gRPC
 * needs trailers, which fetch has not. Keeps nothing from one request to the next: a platform may drop a request half-way,
 * without running what was to come after it.
 */
export function createFetchListener(options: FetchListenerOptions): FetchListener {
  const { limits, log, gate, bodyTimeoutMs } = options;
  const router = createRpcRouter({
    ...options,
    gate: gate === undefined ? undefined : mappedGate(gate, log),
    // The platform compresses answers, and would do so with one that is compressed.
    platform: { grpc: false, compressMinBytes: MAX_BYTES },
  });

  async function answer(request: Request, values: ContextValues): Promise<Response> {
    const known = router.handlerAt(new URL(request.url).pathname);
    const { method, url, signal } = request;
    const header = new Headers(request.headers);
    const universal: UniversalServerRequest = {
      ...{ httpVersion: "", method, url, header, signal, contextValues: values },
      body: null,
    };
    const handler = known ?? router.unknown(universal);
    const maxBytes = router.readMaxBytesOf(handler.service.typeName);
    const share = new BodyBudget(defaultBodiesMaxBytes(limits.readMaxBytes)).open(values.get(requestIdKey));
    const bounds = { maxBytes, timeoutMs: bodyTimeoutMs };
    universal.body = boundedBody(request.body, { ...bounds, values, share });
    // Connect would set aside what a call announces before a byte of it is there. Too much it refuses at once.
    const isTooLarge = Number(header.get("content-length")) > maxBytes;
    if (!isTooLarge) header.delete("content-length");
    const answered = await withShare(share, () => handler(universal));
    if (!isTooLarge && !request.bodyUsed) await runOff(request.body, bounds);
    // Connect says 501 for UNIMPLEMENTED, which proxies and monitors take for a fault of ours.
    if (known === undefined && answered.status === 501) answered.status = 404;
    return universalServerResponseToFetch(answered);
  }

  return async (request, { address }) => {
    const requestId = requestIdFrom(request.headers.get(REQUEST_ID_HEADER) ?? undefined);
    const filtered = new CollectedResponse();
    filtered.setHeader(REQUEST_ID_HEADER, requestId);
    try {
      if (options.filter?.(asFiltered(request, address), filtered) === true) return await filtered.response;
      const values = createContextValues().set(requestIdKey, requestId);
      values.set(peerKey, { ...values.get(peerKey), address });
      return filtered.addTo(await answer(request, values));
    } catch (error) {
      log.error({ request_id: requestId, err: error }, "request failed");
      return filtered.addTo(new Response(null, { status: 500 }));
    }
  };
}

function asFiltered(request: Request, remoteAddress: string | undefined) {
  const url = new URL(request.url);
  return {
    method: request.method,
    url: `${url.pathname}${url.search}`,
    headers: { ...Object.fromEntries(request.headers), host: url.host },
    socket: { remoteAddress },
  };
}

/** What filters write. */
class CollectedResponse implements FilteredResponse {
  statusCode = 200;
  headersSent = false;
  readonly #headers = new Headers();
  readonly #ended = Promise.withResolvers<Response>();

  setHeader(name: string, value: string): void {
    this.#headers.set(name, value);
  }

  end(body: string): void {
    this.headersSent = true;
    const init = { status: this.statusCode, headers: this.#headers };
    this.#ended.resolve(new Response(body === "" ? null : body, init));
  }

  /** When it has ended. */
  get response(): Promise<Response> {
    return this.#ended.promise;
  }

  /** Gives its headers to an answer that has none of these names. */
  addTo(response: Response): Response {
    for (const [name, value] of this.#headers) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return response;
  }
}

interface BodyBounds {
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

interface BodyTerms extends BodyBounds {
  readonly values: ContextValues;
  readonly share: BodyShare;
}

/** The body, read once somebody asks for it: after the gate. Fails as `read` does. */
async function* boundedBody(
  body: ReadableStream<Uint8Array> | null,
  { values, share, ...bounds }: BodyTerms,
): AsyncGenerator<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    await read(body, bounds, (chunk) => {
      share.take(chunk.length);
      chunks.push(chunk);
    });
  } catch (error) {
    throw error instanceof ConnectError ? error : toConnectError(error, values.get(requestIdKey));
  }
  yield* chunks;
}

/** How long the body of a refused call is waited for, in milliseconds. */
const RUN_OFF_MS = 2_000;

/**
 * Lets the body of a call that was refused without it run off, within its bounds: workerd closes a connection whose request
 * has not been read to its end, and a client that still writes then hears of that instead of its refusal.
 */
async function runOff(body: ReadableStream<Uint8Array> | null, bounds: BodyBounds): Promise<void> {
  const timeoutMs = Math.min(bounds.timeoutMs, RUN_OFF_MS);
  await read(body, { ...bounds, timeoutMs }, () => undefined).catch(() => undefined);
}

/**
 * Reads a body to its end. Fails with REQUEST_TOO_LARGE above `maxBytes` and its envelopes, with DEADLINE_EXCEEDED when it
 * has not arrived in time, and as `onChunk` does; nothing more of it is read then.
 */
async function read(
  body: ReadableStream<Uint8Array> | null,
  { maxBytes, timeoutMs }: BodyBounds,
  onChunk: (chunk: Uint8Array) => void,
): Promise<void> {
  if (body === null) return;
  let bytes = 0;
  const late = Promise.withResolvers<never>();
  const expire = () =>
    late.reject(new ConnectError("the request did not arrive in time", Code.DeadlineExceeded));
  const timer = setTimeout(expire, timeoutMs);
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) break;
      bytes += value.length;
      if (bytes > maxBytes + ENVELOPES_BYTES) {
        throw new ConnectError(`the body is larger than ${maxBytes} bytes`, Code.ResourceExhausted);
      }
      onChunk(value);
    }
  } catch (error) {
    void reader.cancel().catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
