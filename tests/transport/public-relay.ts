import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { createEvents } from "@countersign/server/observability/events.ts";
import { createMetrics, createProcessRegistry } from "@countersign/server/observability/metrics.ts";
import { servePublic } from "@countersign/server/transport/public-server.ts";
import { createLogger, type RpcServer, serve } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import { smallRelay } from "./small-relay.ts";

export interface PublicRelay extends RpcServer {
  readonly registry: ReturnType<typeof createProcessRegistry>;
  /** What was logged, parsed. */
  lines(): Record<string, unknown>[];
}

/** The relay's public server, whole, around the small relay's handlers; everybody may call. */
export async function startPublicRelay(
  origins: readonly string[] = [],
  credentials = false,
): Promise<PublicRelay> {
  const written: string[] = [];
  const log = createLogger("relay", "debug", { write: (line) => void written.push(line) });
  const registry = createProcessRegistry();
  const server = await servePublic({
    listen: { host: "127.0.0.1", port: 0 },
    cors: { isListed: (origin) => origins.includes(origin), credentials },
    filters: [],
    gate: async () => undefined,
    interceptors: [],
    limits: {
      defaultDeadlineMs: 10_000,
      maxDeadlineMs: 60_000,
      readMaxBytes: 262_144,
      maxConnections: 100,
      maxRunningCalls: 100,
    },
    services: [serve(RelayService, smallRelay)],
    events: createEvents(log, createMetrics(registry)),
    log,
    stopping: new AbortController(),
  });
  server.setServing(true);
  onTestFinished(() => server.drain(0));
  return { ...server, registry, lines: () => written.map((line) => JSON.parse(line)) };
}
