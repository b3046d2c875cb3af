import http2 from "node:http2";
import { type ContextValues, createContextValues, type Interceptor } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { universalRequestFromNodeRequest } from "@connectrpc/connect-node";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import type { Logger } from "pino";
import type { BodyBudget, BodyShare } from "./body-budget.ts";
import { withShare } from "./bounded-gzip.ts";
import { peerKey, requestIdKey } from "./call-context.ts";
import type { UnreadCall } from "./call-gate.ts";
import type { Gate } from "./gate.ts";
import type { NodeListener, NodeRequest, NodeResponse } from "./http-engines.ts";
import type { HttpFilter } from "./http-filter.ts";
import { peerOf } from "./peer.ts";
import { receivedBody, streamedBody } from "./received-body.ts";
import { REQUEST_ID_HEADER, requestIdFrom } from "./request-id.ts";
import { type CallLimits, createRpcRouter } from "./rpc-router.ts";
import type { ServedService } from "./served-service.ts";
import { writeAnswer } from "./write-answer.ts";

export interface RpcListenerOptions {
  readonly services: readonly ServedService[];
  readonly interceptors: Interceptor[];
  readonly limits: CallLimits;
  readonly bodyTimeoutMs: number;
  /** Pays for the bodies of all calls. */
  readonly bodies: BodyBudget;
  readonly filter?: HttpFilter;
  /**
   * Lets a call in, or throws: before its message is received, so that who may not call costs no body. Asked for
   * every call: health and reflection too, and what is served nowhere, as a call to `UnknownService`.
   */
  readonly gate?: Gate;
  /** Told of the calls that no interceptor got to see. */
  readonly onUnread?: (call: UnreadCall) => void;
  readonly log: Logger;
}

/** A response must be taken off our hands this long after the latest deadline, in milliseconds. */
const WRITE_GRACE_MS = 10_000;

/**
 * Serves RPCs in Connect, gRPC and gRPC-Web to Node's HTTP servers. Like connect-node's adapter, but every
 * response carries the request's id, a request that cannot be parsed is answered instead of thrown, slow bodies
 * and readers are bounded, and failures go to the log.
 */
export function createRpcListener(options: RpcListenerOptions): NodeListener {
  const { limits, log } = options;
  const router = createRpcRouter(options);
  return (request, response) => {
    // The errors of a connection that breaks also come out of its requests; nobody else listens there.
    request.on("error", ignore);
    response.on("error", ignore);
    const requestId = requestIdFrom(request.headers[REQUEST_ID_HEADER]);
    response.setHeader(REQUEST_ID_HEADER, requestId);
    if (options.filter?.(request, response) === true) return;
    const handler = router.handlerAt(request.url?.split("?", 1)[0] ?? "");
    const share = options.bodies.open(requestId);
    response.once("close", () => share.giveBack());
    withShare(share, () => answer(handler, request, response, requestId, share)).catch((error: unknown) => {
      // The caller has left, as a rule.
      log.debug(
        { request_id: requestId, rpc_method: handler?.method.name, err: error },
        "response not delivered",
      );
      cutOff(response);
    });
  };

  async function answer(
    known: UniversalHandler | undefined,
    request: NodeRequest,
    response: NodeResponse,
    requestId: string,
    share: BodyShare,
  ) {
    const values = createContextValues().set(requestIdKey, requestId).set(peerKey, peerOf(request));
    const universal = parse(request, response, values);
    if (universal === undefined) {
      response.statusCode = 400;
      response.end();
      return;
    }
    const handler = known ?? router.unknown(universal);
    const { methodKind } = handler.method;
    const sendsOne = methodKind === "unary" || methodKind === "server_streaming";
    const maxBytes = router.readMaxBytesOf(handler.service.typeName);
    const terms = { values, maxBytes, share };
    universal.body = sendsOne
      ? receivedBody(request, { ...terms, timeoutMs: options.bodyTimeoutMs })
      : streamedBody(request, terms);
    // Connect would set aside what a call announces before a byte of it is there. Too much it refuses at once.
    if (Number(universal.header.get("content-length")) <= maxBytes) universal.header.delete("content-length");
    // A watch of health stands as long as the caller wants.
    if (handler.service.typeName !== Health.typeName) {
      const latest = options.bodyTimeoutMs + limits.maxDeadlineMs + WRITE_GRACE_MS;
      const timer = setTimeout(() => cutOff(response), latest);
      response.once("close", () => clearTimeout(timer));
    }
    stopAfterAnswer(request, response);
    const answered = await handler(universal);
    // Connect says 501 for UNIMPLEMENTED, which proxies and monitors take for a fault of ours.
    if (known === undefined && answered.status === 501) answered.status = 404;
    await writeAnswer(answered, response, methodKind === "unary");
  }
}

function ignore(): void {}

/**
 * Without a body, which Connect would make a generator for: one that is made for each call keeps the call's memory until
 * the next collection of everything. Undefined when no URL can be made of the request's target and host.
 */
function parse(request: NodeRequest, response: NodeResponse, values: ContextValues) {
  try {
    return universalRequestFromNodeRequest(request, response, null, values);
  } catch {
    return undefined;
  }
}

function cutOff(response: NodeResponse): void {
  if ("stream" in response) response.stream.close(http2.constants.NGHTTP2_CANCEL);
  else response.destroy();
}

/** How long trailers may take to leave after the last byte of an answer, in milliseconds. */
const ANSWER_GRACE_MS = 1000;

/**
 * Whoever goes on sending after the answer is told to stop: by a reset of the stream (RFC 9113, section 8.1), or with
 * HTTP/1.1 by the end of the connection.
 */
function stopAfterAnswer(request: NodeRequest, response: NodeResponse): void {
  if ("stream" in response) {
    const { stream } = response;
    stream.once("finish", () => {
      const timer = setTimeout(() => stream.close(http2.constants.NGHTTP2_NO_ERROR), ANSWER_GRACE_MS);
      stream.once("close", () => clearTimeout(timer));
    });
    return;
  }
  response.once("finish", () => {
    if (request.complete) return;
    const timer = setTimeout(() => {
      if (!request.complete) request.socket.destroy();
    }, ANSWER_GRACE_MS);
    request.once("end", () => clearTimeout(timer));
  });
}
