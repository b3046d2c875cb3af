import { createEvents, type Events } from "@countersign/server/observability/events.ts";
import { createMetrics } from "@countersign/server/observability/metrics.ts";
import type { RateLimiter } from "@countersign/server/shared-state/rate-limiter.ts";
import { createLogger, type Logger } from "@countersign/service-kit";
import { Registry } from "prom-client";
import type { Bindings } from "./bindings.ts";
import { type EdgeConfig, loadEdgeConfig } from "./config/edge-config.ts";
import { ShardedRateLimiter } from "./limits/sharded-rate-limiter.ts";

/** What both the Worker and its sessions stand on. */
export interface EdgeFoundation {
  readonly bindings: Bindings;
  readonly config: EdgeConfig;
  readonly log: Logger;
  readonly events: Events;
  readonly limiter: RateLimiter;
}

/** Throws ConfigError. */
export async function openEdgeFoundation(bindings: Bindings): Promise<EdgeFoundation> {
  const config = await loadEdgeConfig(bindings);
  const log = createLogger("relay", config.log.level);
  // Nobody asks for the metrics here: the platform counts calls, and the log has the rest.
  const events = createEvents(log, createMetrics(new Registry()));
  const limiter = new ShardedRateLimiter({
    shards: bindings.LIMITS,
    now: Date.now,
    onFailed: (error) => log.warn({ err: error }, "calls are counted here: their shard gives no answer"),
  });
  return { bindings, config, log, events, limiter };
}
