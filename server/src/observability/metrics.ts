import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";
import { LANE_STATES } from "../lanes/lane-state.ts";
import { LANE_TROUBLES } from "../lanes/lane-trouble.ts";

/** The registry that /metrics shows, with the metrics of the process itself. One a process. */
export function createProcessRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

const RPC_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const STATE_BUCKETS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

/** The relay's own metrics. Every label has few values: no ids that callers make, accounts or hashes. */
export interface Metrics {
  readonly rpcs: Counter<"service" | "method" | "code" | "reason">;
  readonly rpcSeconds: Histogram<"service" | "method" | "code">;
  readonly submissionsAccepted: Counter<"kind">;
  readonly delegateRefusals: Counter<"reason">;
  readonly submissionTransitions: Counter<"kind" | "to" | "reason">;
  readonly submissionStateSeconds: Histogram<"kind" | "from">;
  readonly laneChanges: Counter<"change">;
  readonly laneRetries: Counter<"step">;
  readonly laneTroubles: Counter<"kind">;
  readonly laneStateChanges: Counter<"to">;
  readonly chainFailures: Counter<"endpoint" | "method" | "kind">;
  readonly endpointChanges: Counter<"endpoint" | "breaker" | "to">;
  readonly hedgedReads: Counter<"endpoint" | "method">;
  readonly chainStalls: Counter<"change">;
  readonly signerFailures: Counter<"method" | "code">;
  readonly ledgerFailures: Counter<"operation">;
  readonly accessRefusals: Counter<"method" | "reason">;
  readonly budgetWarnings: Counter<"budget" | "amount" | "which">;
  readonly rateLimitChanges: Counter<"change">;
  readonly balanceChanges: Counter<"to">;
  readonly lockAlarms: Counter<"key_id">;
  readonly webhookAttempts: Counter<"outcome">;
  readonly webhookSeconds: Histogram<"outcome">;
  readonly keyOperationsStarted: Counter<"kind">;
  readonly keyOperations: Counter<"kind" | "end">;
  readonly keyOperationFailures: Counter<"kind" | "step">;
}

/** Creates the relay's metrics in a registry. Gauges are registered there by those who know the values. */
export function createMetrics(registry: Registry): Metrics {
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Counter({ name: `countersign_${name}`, help, labelNames, registers: [registry] });
  const histogram = <L extends string>(name: string, help: string, buckets: number[], ...labelNames: L[]) =>
    new Histogram({ name: `countersign_${name}`, help, buckets, labelNames, registers: [registry] });
  const metrics: Metrics = {
    rpcs: counter("rpcs_total", "Calls that ended, by outcome.", "service", "method", "code", "reason"),
    rpcSeconds: histogram(
      "rpc_seconds",
      "How long calls took, in seconds.",
      RPC_BUCKETS,
      "service",
      "method",
      "code",
    ),
    submissionsAccepted: counter("submissions_accepted_total", "Submissions accepted.", "kind"),
    delegateRefusals: counter(
      "delegate_refusals_total",
      "Delegates that were refused one by one, by calls that went on.",
      "reason",
    ),
    submissionTransitions: counter(
      "submission_transitions_total",
      "Changes of state, with the failure's reason where there is one.",
      "kind",
      "to",
      "reason",
    ),
    submissionStateSeconds: histogram(
      "submission_state_seconds",
      "How long submissions stayed in a state before they left it, in seconds.",
      STATE_BUCKETS,
      "kind",
      "from",
    ),
    laneChanges: counter("lane_changes_total", "Lanes acquired and lost by this process.", "change"),
    laneRetries: counter("lane_retries_total", "Steps of a lane that had to be tried again.", "step"),
    laneTroubles: counter("lane_trouble_total", "What went wrong in lanes and was coped with.", "kind"),
    laneStateChanges: counter("lane_state_changes_total", "Times that a lane came into a state.", "to"),
    chainFailures: counter(
      "chain_failures_total",
      "Failed attempts to call a NEAR endpoint (by its place in the configuration).",
      "endpoint",
      "method",
      "kind",
    ),
    endpointChanges: counter(
      "near_endpoint_changes_total",
      "Times that reads or sends began to stay away from a NEAR endpoint, or came back.",
      "endpoint",
      "breaker",
      "to",
    ),
    hedgedReads: counter(
      "near_hedged_reads_total",
      "Reads that a NEAR endpoint was asked because another one was late.",
      "endpoint",
      "method",
    ),
    chainStalls: counter(
      "chain_stalls_total",
      "Times that the chain stood still, and moved again.",
      "change",
    ),
    signerFailures: counter("signer_failures_total", "Failed calls to the signer.", "method", "code"),
    ledgerFailures: counter("ledger_failures_total", "Ledger operations without an answer.", "operation"),
    accessRefusals: counter("access_refusals_total", "Calls that were not let in.", "method", "reason"),
    budgetWarnings: counter(
      "budget_warnings_total",
      "Budgets that became low or did not hold a submission, once each period.",
      "budget",
      "amount",
      "which",
    ),
    rateLimitChanges: counter("rate_limit_changes_total", "Rate limits left and regained Redis.", "change"),
    balanceChanges: counter("balance_changes_total", "The relayer's balance crossed a threshold.", "to"),
    lockAlarms: counter(
      "relay_lock_alarms_total",
      "Locks taken off above the rate at which a lock key is busy.",
      "key_id",
    ),
    webhookAttempts: counter(
      "webhook_attempts_total",
      "Attempts to deliver events to webhooks: delivered, failed (tried again), or dead (never again).",
      "outcome",
    ),
    webhookSeconds: histogram(
      "webhook_attempt_seconds",
      "How long attempts to deliver events to webhooks took, in seconds.",
      RPC_BUCKETS,
      "outcome",
    ),
    keyOperationsStarted: counter(
      "key_operations_started_total",
      "Operations on relayers' keys that were begun.",
      "kind",
    ),
    keyOperations: counter(
      "key_operations_total",
      "Operations on relayers' keys that came to their end, DONE or CANCELLED.",
      "kind",
      "end",
    ),
    keyOperationFailures: counter(
      "key_operation_failures_total",
      "Steps of operations on relayers' keys that had to be tried again.",
      "kind",
      "step",
    ),
  };
  // What could go wrong is there before it does: else the first time shows as no increase.
  for (const kind of LANE_TROUBLES) metrics.laneTroubles.inc({ kind }, 0);
  for (const to of LANE_STATES) metrics.laneStateChanges.inc({ to }, 0);
  return metrics;
}
