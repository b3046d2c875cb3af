import type { Interceptor } from "@connectrpc/connect";
import { rpcEventsInterceptor, unreadCallEvents } from "@countersign/server/interceptors/rpc-events.ts";
import { corsFilter } from "@countersign/server/transport/cors.ts";
import {
  createFetchListener,
  type FetchListener,
  type Gate,
  type HttpFilter,
  type ServedService,
  statelessInterceptors,
} from "@countersign/service-kit";
import type { EdgeFoundation } from "./foundation.ts";

/** In which a body must be there, in milliseconds. */
const BODY_TIMEOUT_MS = 10_000;

export interface EdgeServerOptions {
  readonly foundation: EdgeFoundation;
  readonly services: readonly ServedService[];
  /** What is served besides RPCs, in turn, after CORS. */
  readonly filters: readonly HttpFilter[];
  readonly gate: Gate;
  /** Stand inside of the mapping of errors, around the handlers. */
  readonly interceptors: readonly Interceptor[];
}

/** Serves as a relay's public port does. How many calls run at once is the platform's to bound. */
export function serveEdge({
  foundation,
  services,
  filters,
  gate,
  interceptors,
}: EdgeServerOptions): FetchListener {
  const { config, events, log } = foundation;
  const { cors, directory, limits } = config;
  const all = [
    corsFilter({
      isListed: (origin) => cors.origins.includes(origin) || directory.allOrigins().has(origin),
      credentials: cors.credentials,
    }),
    ...filters,
  ];
  return createFetchListener({
    services,
    interceptors: [rpcEventsInterceptor(events), ...statelessInterceptors(log), ...interceptors],
    limits,
    bodyTimeoutMs: BODY_TIMEOUT_MS,
    filter: (request, response) => all.some((filter) => filter(request, response)),
    gate,
    onUnread: unreadCallEvents(events),
    log,
  });
}
