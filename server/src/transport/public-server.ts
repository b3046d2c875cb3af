import type { Interceptor } from "@connectrpc/connect";
import {
  type Gate,
  type HttpFilter,
  type Logger,
  type RpcServer,
  type ServedService,
  serveRpc,
} from "@countersign/service-kit";
import { tenantOf } from "../access/caller.ts";
import { interceptorChain } from "../interceptors/chain.ts";
import { unreadCallEvents } from "../interceptors/rpc-events.ts";
import type { Events } from "../observability/events.ts";
import { type CorsOptions, corsFilter } from "./cors.ts";

export interface PublicServerOptions {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly cors: CorsOptions;
  /** What is served besides RPCs, in turn, after CORS. */
  readonly filters: readonly HttpFilter[];
  /** Lets callers in. */
  readonly gate: Gate;
  /** Stand inside of the mapping of errors, around the handlers. */
  readonly interceptors: readonly Interceptor[];
  readonly limits: {
    readonly defaultDeadlineMs: number;
    readonly maxDeadlineMs: number;
    readonly readMaxBytes: number;
    readonly maxConnections: number;
    readonly maxRunningCalls: number;
  };
  readonly services: readonly ServedService[];
  readonly events: Events;
  readonly log: Logger;
  /** Aborted when the server drains. */
  readonly stopping: AbortController;
}

/** Of the calls that may run at once, what one tenant may take. */
const TENANT_SHARE = 0.5;

/** Fits as many calls as may run by default, each with a message of 64 KiB. */
const BODIES_MAX_BYTES = 256 * 1024 * 1024;

/** The relay's public port: Connect, gRPC and gRPC-Web over HTTP/1.1 and HTTP/2, without TLS. */
export function servePublic(options: PublicServerOptions): Promise<RpcServer> {
  const { limits, events, log, stopping } = options;
  const filters = [corsFilter(options.cors), ...options.filters];
  return serveRpc({
    listen: { kind: "tcp", ...options.listen },
    services: options.services,
    interceptors: [
      ...interceptorChain(events, log, stopping.signal, {
        max: limits.maxRunningCalls,
        ownerOf: tenantOf,
        share: TENANT_SHARE,
      }),
      ...options.interceptors,
    ],
    gate: options.gate,
    limits: { ...limits, bodiesMaxBytes: BODIES_MAX_BYTES },
    connections: { maxConnections: limits.maxConnections },
    filter: (request, response) => filters.some((filter) => filter(request, response)),
    onUnread: unreadCallEvents(events),
    log,
    stopping,
  });
}
