import {
  type ConnectRouterOptions,
  createConnectRouter,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerRequest } from "@connectrpc/connect/protocol";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "@countersign/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { Health } from "@countersign/gen/health/v1/health_pb.ts";
import { boundedGzip } from "./bounded-gzip.ts";
import { assertReadable, markRead, openCall, type UnreadCall } from "./call-gate.ts";
import type { Gate } from "./gate.ts";
import type { ServedService } from "./served-service.ts";
import { assertKnown, unknownMethods } from "./unknown-method.ts";

/** What calls may ask for. Times in milliseconds, sizes in bytes. */
export interface CallLimits {
  /** Deadline of a call that names none. Health watches have none then. */
  readonly defaultDeadlineMs: number;
  /** A call that names a longer one is refused with FIELD_INVALID. */
  readonly maxDeadlineMs: number;
  /** Largest request message, before and after decompression. */
  readonly readMaxBytes: number;
  /**
   * All request bodies together, until their calls are answered; who sends one that does not fit is refused with
   * OVERLOADED. Default: 8 of the largest messages, and at least 64 MiB. An eighth is kept for bodies up to 64 KiB.
   */
  readonly bodiesMaxBytes?: number;
}

export interface RpcRouterOptions {
  readonly services: readonly ServedService[];
  readonly interceptors: readonly Interceptor[];
  readonly limits: CallLimits;
  /**
   * Lets a call in, or throws: before its message is received, so that nothing of who may not call is kept or parsed. Asked for
   * every call: health and reflection too, and what is served nowhere, as a call to `UnknownService`.
   */
  readonly gate?: Gate | undefined;
  /** Told of the calls that no interceptor got to see. */
  readonly onUnread?: ((call: UnreadCall) => void) | undefined;
  /** What the platform does by itself, or cannot do. */
  readonly platform?: Pick<ConnectRouterOptions, "grpc" | "compressMinBytes">;
}

/** Whom requests are for. */
export interface RpcRouter {
  /** By the request's path. */
  handlerAt(path: string): UniversalHandler | undefined;
  /** For a request to no method; makes it fit for the handler. */
  unknown(request: UniversalServerRequest): UniversalHandler;
  /** Largest message of the service, in bytes. */
  readMaxBytesOf(service: string): number;
}

/** Health and reflection: open to everybody wherever they are served. */
const PUBLIC: ReadonlySet<string> = new Set([
  Health.typeName,
  ServerReflection.typeName,
  ServerReflectionAlpha.typeName,
]);
/**
 * Shorter answers are not compressed: they fit into what a connection may send at once from the start (RFC 6928: ten
 * segments), so that compressing them costs time and saves no round trip.
 */
const COMPRESS_MIN_BYTES = 14_000;
/** What anybody may ask has little to say. */
const PUBLIC_READ_MAX_BYTES = 4096;

/** Connect's handlers of all services, with the gate before each of them. */
export function createRpcRouter(options: RpcRouterOptions): RpcRouter {
  const { limits, gate, onUnread } = options;
  const platform = { compressMinBytes: COMPRESS_MIN_BYTES, ...options.platform };
  const readMaxBytesOf = (service: string) =>
    PUBLIC.has(service) ? PUBLIC_READ_MAX_BYTES : limits.readMaxBytes;
  const router = createConnectRouter({
    ...platform,
    acceptCompression: [boundedGzip],
    interceptors: [markRead, ...options.interceptors],
    maxTimeoutMs: limits.maxDeadlineMs,
    readMaxBytes: limits.readMaxBytes,
    requestGate: async (context: HandlerContext) => {
      const standing = context.service.typeName === Health.typeName;
      openCall(context, standing ? Number.POSITIVE_INFINITY : limits.defaultDeadlineMs, onUnread);
      await gate?.(context);
      assertKnown(context);
      assertReadable(context);
    },
  });
  for (const { service, implementation } of options.services) {
    // A service's options replace those of the router that say which protocols are served.
    const readMaxBytes = readMaxBytesOf(service.typeName);
    router.service(service, implementation, { ...platform, readMaxBytes });
  }
  const handlers = new Map(router.handlers.map((h) => [h.requestPath, h]));
  return { handlerAt: (path) => handlers.get(path), unknown: unknownMethods(router), readMaxBytesOf };
}
