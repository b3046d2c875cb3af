import http from "node:http";
import http2 from "node:http2";
import type { Socket } from "node:net";
import type { ConnectionLimits } from "./connection-limits.ts";

export type NodeRequest = http.IncomingMessage | http2.Http2ServerRequest;
export type NodeResponse = http.ServerResponse | http2.Http2ServerResponse;
export type NodeListener = (request: NodeRequest, response: NodeResponse) => void;

/** HTTP/1.1 and HTTP/2 without a port of their own: they serve the connections that are handed to them. */
export interface HttpEngines {
  serveHttp1(socket: Socket): void;
  serveHttp2(socket: Socket): void;
  /** Lets HTTP/2 peers know (GOAWAY) and closes the connections on which nothing runs. */
  closeGracefully(): void;
  /** Cuts off what is left. */
  destroy(): void;
}

/** Creates the two engines with the same listener behind both. */
export function createHttpEngines(listener: NodeListener, limits: ConnectionLimits): HttpEngines {
  const http1 = http.createServer(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.headersTimeoutMs + limits.bodyTimeoutMs,
      keepAliveTimeout: limits.idleTimeoutMs,
      connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, 5000),
    },
    boundPipelining(listener),
  );
  // Node enforces the two timeouts above from this event on, and a server that never listens has none.
  http1.emit("listening");

  const http2Server = http2.createServer(
    {
      settings: {
        maxConcurrentStreams: limits.maxConcurrentStreams,
        maxHeaderListSize: limits.maxHeaderBytes,
      },
    },
    listener,
  );
  const sessions = new Set<http2.ServerHttp2Session>();
  http2Server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    // An error ends its own session and nothing else.
    session.on("error", () => undefined);
    session.setTimeout(limits.idleTimeoutMs, () => session.close());
  });

  return {
    serveHttp1: (socket) => void http1.emit("connection", socket),
    serveHttp2: (socket) => void http2Server.emit("connection", socket),
    closeGracefully() {
      for (const session of sessions) session.close();
      http1.close();
    },
    destroy() {
      for (const session of sessions) session.destroy();
      http1.closeAllConnections();
    },
  };
}

/** Requests of one HTTP/1.1 connection that may wait for their answers; browsers and libraries send one. */
const MAX_PIPELINED = 8;

/** HTTP/2 bounds its streams; Node starts every request that HTTP/1.1 pipelines at once. */
function boundPipelining(listener: NodeListener): http.RequestListener {
  const unanswered = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    const running = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, running);
    response.once("close", () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    if (running > MAX_PIPELINED) socket.destroy();
    else listener(request, response);
  };
}
