import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";

/** The registry that /metrics shows, with the metrics of the process itself, event loop delay among them. One a process. */
export function createProcessRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** From 100 µs: a keystore signs in less, a cloud's key service takes a good part of a second. */
const SIGNING_BUCKETS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** The signer's own metrics. Labels name keys and backends that it holds, and else words of few values. */
export interface Metrics {
  readonly signatures: Counter<"key" | "purpose" | "outcome" | "reason">;
  readonly callSeconds: Histogram;
  readonly thresholdCalls: Counter<"method" | "outcome" | "reason">;
  readonly thresholdSeconds: Histogram<"method">;
  readonly lockCalls: Counter<"method" | "outcome" | "reason">;
  readonly lockSeconds: Histogram<"method">;
  readonly keyPoolCalls: Counter<"method" | "outcome" | "reason">;
  readonly backendSeconds: Histogram<"backend">;
  readonly backendErrors: Counter<"backend">;
  readonly refusals: Counter<"reason">;
  readonly reloads: Counter<"outcome">;
  readonly upkeepErrors: Counter<"what">;
}

/** Creates the signer's metrics in a registry. Gauges are registered there by those who know the values. */
export function createMetrics(registry: Registry): Metrics {
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name: `countersign_signer_${name}`, help, labelNames, registers: [registry] });
  const histogram = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Histogram({
      name: `countersign_signer_${name}`,
      help,
      buckets: SIGNING_BUCKETS,
      labelNames,
      registers: [registry],
    });
  return {
    signatures: counter(
      "signatures_total",
      "Transactions that were to be signed: succeeded, denied, or failed for a reason of the signer's own.",
      "key",
      "purpose",
      "outcome",
      "reason",
    ),
    callSeconds: histogram("call_seconds", "How long calls for signatures took, in seconds."),
    thresholdCalls: counter(
      "threshold_calls_total",
      "Calls about threshold keys: succeeded, denied, or failed for a reason of the signer's own.",
      "method",
      "outcome",
      "reason",
    ),
    thresholdSeconds: histogram(
      "threshold_seconds",
      "How long calls about threshold keys took, in seconds.",
      "method",
    ),
    lockCalls: counter(
      "lock_calls_total",
      "Calls for locks: succeeded, denied, or failed for a reason of the signer's own.",
      "method",
      "outcome",
      "reason",
    ),
    lockSeconds: histogram("lock_seconds", "How long calls for locks took, in seconds.", "method"),
    keyPoolCalls: counter(
      "key_pool_calls_total",
      "Relays' calls for the lives of keys: succeeded, denied, or failed for a reason of the signer's own.",
      "method",
      "outcome",
      "reason",
    ),
    backendSeconds: histogram(
      "backend_seconds",
      "How long backends took for a signature, in seconds.",
      "backend",
    ),
    backendErrors: counter("backend_errors_total", "Signatures that a backend did not make.", "backend"),
    refusals: counter("refused_requests_total", "Requests that were not let in.", "reason"),
    reloads: counter("reloads_total", "Reloads of the configuration.", "outcome"),
    upkeepErrors: counter("upkeep_errors_total", "Work in the background that failed.", "what"),
  };
}
