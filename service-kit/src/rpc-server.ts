import type { AddressInfo, Socket } from "node:net";
import type { Interceptor } from "@connectrpc/connect";
import type { Logger } from "pino";
import { BodyBudget, defaultBodiesMaxBytes } from "./body-budget.ts";
import type { UnreadCall } from "./call-gate.ts";
import { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from "./connection-limits.ts";
import { type Gate, mappedGate } from "./gate.ts";
import { createHealth } from "./health.ts";
import { createHttpEngines, type NodeRequest, type NodeResponse } from "./http-engines.ts";
import type { HttpFilter } from "./http-filter.ts";
import { type AdmitConnection, type ListenOn, listenOn, type TlsIdentity } from "./listen-on.ts";
import { createReflection } from "./reflection.ts";
import { createRpcListener } from "./rpc-listener.ts";
import type { CallLimits } from "./rpc-router.ts";
import type { ServedService } from "./served-service.ts";

export interface RpcServerOptions {
  readonly listen: ListenOn;
  readonly services: readonly ServedService[];
  /** Outermost first; see `standardInterceptors`. Health and reflection go through them too. */
  readonly interceptors: Interceptor[];
  readonly limits: CallLimits;
  readonly connections?: Partial<ConnectionLimits>;
  readonly filter?: HttpFilter;
  /** Asked for each connection before anything is read from it; without it, all are taken. */
  readonly admit?: AdmitConnection;
  /** Lets each call in, or throws a DomainError, before its message is received. */
  readonly gate?: Gate;
  /** Told of the calls that no interceptor got to see: not let in, to no method, or with a message that cannot be read. */
  readonly onUnread?: (call: UnreadCall) => void;
  readonly log: Logger;
  /** Aborted by `drain`; the same one that the interceptors were given the signal of. */
  readonly stopping: AbortController;
}

/** A server that listens. */
export interface RpcServer {
  /** Base URL ("http://127.0.0.1:8080", "https://…") or "unix:/path". */
  readonly address: string;
  /** Bytes of request bodies that are in memory now; at most `limits.bodiesMaxBytes`. */
  bodiesBytes(): number;
  /** What grpc.health.v1 reports; NOT_SERVING until set. */
  setServing(serving: boolean): void;
  /**
   * Uses other certificates from the next connection on; those that stand go on with what they proved. Throws, and
   * keeps what there is, when these do not fit together, or when there is no TLS.
   */
  renewTls(identity: TlsIdentity): void;
  /**
   * Stops: health turns NOT_SERVING, no new connection or call is taken, streams end with SHUTTING_DOWN, and calls
   * that run finish; what still runs after `boundMs` is cut off. Resolves when every connection is closed.
   */
  drain(boundMs: number): Promise<void>;
}

/**
 * A call that runs. It lets go of its response at the end: tables that V8 has replaced in a Set keep what they held until the
 * next collection of everything, and with a response that is all that belongs to its call.
 */
interface OpenCall {
  response: NodeResponse | undefined;
}

/** Once all answers are out, peers get this long to close their connections, in milliseconds. */
const CLOSING_MS = 500;

/**
 * Serves the given services with health and reflection, in Connect, gRPC and gRPC-Web over HTTP/1.1 and HTTP/2,
 * on one address. Rejects when the address cannot be had.
 */
export async function serveRpc(options: RpcServerOptions): Promise<RpcServer> {
  const { stopping } = options;
  const connections = { ...DEFAULT_CONNECTION_LIMITS, ...options.connections };
  const descriptors = options.services.map((s) => s.service);
  const health = createHealth(
    descriptors.map((s) => s.typeName),
    stopping.signal,
  );
  const { readMaxBytes, bodiesMaxBytes = defaultBodiesMaxBytes(readMaxBytes) } = options.limits;
  const bodies = new BodyBudget(bodiesMaxBytes);
  const listener = createRpcListener({
    ...options,
    ...(options.gate === undefined ? {} : { gate: mappedGate(options.gate, options.log) }),
    services: [
      ...options.services,
      health.served,
      ...createReflection([...descriptors, health.served.service]),
    ],
    bodyTimeoutMs: connections.bodyTimeoutMs,
    bodies,
  });

  const open = new Set<OpenCall>();
  let allAnswered = () => {};
  const engines = createHttpEngines((request: NodeRequest, response: NodeResponse) => {
    const call: OpenCall = { response };
    open.add(call);
    response.once("close", () => {
      call.response = undefined;
      open.delete(call);
      if (open.size === 0) allAnswered();
    });
    if (stopping.signal.aborted) closeAfter(response);
    listener(request, response);
  }, connections);
  const { server, renewTls } = await listenOn(options.listen, engines, connections, options.admit);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });

  let drained: Promise<void> | undefined;
  async function drain(boundMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    stopping.abort();
    for (const { response } of open) if (response !== undefined) closeAfter(response);
    engines.closeGracefully();
    if (open.size > 0) {
      const answered = new Promise<void>((resolve) => {
        allAnswered = resolve;
      });
      await within(boundMs, answered);
      if (open.size > 0) options.log.warn({ calls: open.size }, "calls cut off at the end of the drain");
    }
    engines.closeGracefully();
    await within(open.size > 0 ? 0 : CLOSING_MS, closed);
    engines.destroy();
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  return {
    address: addressOf(options.listen, server.address()),
    bodiesBytes: () => bodies.heldBytes,
    setServing: health.setServing,
    renewTls,
    drain(boundMs) {
      drained ??= drain(boundMs);
      return drained;
    },
  };
}

/** HTTP/1.1: tells the peer that its connection ends with this answer. HTTP/2 has GOAWAY for that. */
function closeAfter(response: NodeResponse): void {
  if (!("stream" in response) && !response.headersSent) response.setHeader("connection", "close");
}

async function within(ms: number, event: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([event, bound]);
  clearTimeout(timer);
}

function addressOf(listen: ListenOn, bound: string | AddressInfo | null): string {
  if (listen.kind === "unix") return `unix:${listen.path}`;
  const port = typeof bound === "object" && bound !== null ? bound.port : listen.port;
  const host = listen.host.includes(":") ? `[${listen.host}]` : listen.host;
  return `${listen.kind === "tls" ? "https" : "http"}://${host}:${port}`;
}
