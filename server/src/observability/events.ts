import type { Logger } from "@countersign/service-kit";
import type { BudgetLevel } from "../ledger/ledger.ts";
import type { Metrics } from "./metrics.ts";

/**
 * What the relay tells of itself: one function per event, which logs it and counts it.
 *
 * Log fields have these names and no others, so that a line can be found by any of them:
 * - `request_id`     header x-request-id, also in every error that a caller gets
 * - `rpc_service`, `rpc_method`   as in the contract
 * - `code`           Connect/gRPC code in lower case ("ok" for success); `reason` ErrorReason without its prefix
 * - `seconds`        a duration
 * - `submission_id`, `kind`, `from`, `to`   a submission and its states
 * - `lane_id`, `step`              a lane and what it was doing
 * - `operation_id`                 an operation on a relayer's keys, with its `kind`, `step`, or `from` and `to`
 * - `why`            what is expected to pass, in words: no stack
 * - `tx_hash`, `network`, `account_id`, `key_id`
 * - `endpoint`, `chain_method`    a NEAR endpoint (its place in the configuration) and its JSON-RPC method
 * - `breaker`, `height`           which calls of an endpoint, and a final block's height
 * - `signer_method`, `operation`  a call to the signer, an operation of the ledger
 * - `tenant`, `actor`, `address`  who called, and from where
 * - `budget`, `amount`, `used`, `limit`   a budget and how it stands
 * - `balance`        of the relayer's account, in yoctoNEAR
 * - `webhook_id`, `attempt`       a webhook, and which attempt to deliver to it
 * - `check`          a readiness check; `calls` a number of calls
 * - `err`            the private cause
 */
export interface Events {
  /** A call ended. `code` is "ok" for success. Calls without good credentials, and those too many, are logged at debug. */
  rpcFinished(event: {
    service: string;
    method: string;
    code: string;
    reason?: string | undefined;
    requestId: string;
    seconds: number;
  }): void;
  /** A submission is durably recorded. */
  submissionAccepted(event: {
    submissionId: string;
    kind: string;
    network: string;
    accountId: string;
    requestId?: string | undefined;
  }): void;
  /** One delegate of several was refused, while its call went on. */
  delegateRefused(event: { tenant: string; reason: string; requestId: string }): void;
  /** A submission changed its state and stayed `seconds` in the one before. */
  submissionTransition(event: {
    submissionId: string;
    kind: string;
    from: string;
    to: string;
    seconds: number;
    reason?: string | undefined;
    txHash?: string | undefined;
  }): void;
  /** This process works on a lane from now on. */
  laneAcquired(event: { laneId: string }): void;
  /** This process no longer works on a lane. */
  laneLost(event: { laneId: string; error: unknown }): void;
  /** A step of a lane failed for a passing reason and is tried again. `step` is one of a few words. */
  laneRetrying(event: { laneId: string; step: string; error: unknown; pauseMs?: number | undefined }): void;
  /** Something went wrong that a lane copes with by itself. `trouble` is one of a few words. */
  laneTrouble(event: { laneId: string; trouble: string }): void;
  /** A lane does something else, or waits for something else. */
  laneStateChanged(event: { accountId: string; keyId: string; from: string; to: string }): void;
  /** One attempt to call a NEAR endpoint failed. */
  chainCallFailed(event: { endpoint: number; method: string; kind: string; error: unknown }): void;
  /** Calls of a kind stay away from a NEAR endpoint ("OPEN"), or come back to it. */
  endpointChanged(event: { endpoint: number; breaker: "reads" | "sends"; to: "OPEN" | "CLOSED" }): void;
  /** A NEAR endpoint was asked because another one is late to answer. */
  readHedged(event: { endpoint: number; method: string }): void;
  /** No endpoint has shown a new final block for a while: nothing new is signed. */
  chainStalled(event: { height: bigint }): void;
  /** There are new final blocks again, after `seconds`. */
  chainMoves(event: { height: bigint; seconds: number }): void;
  /** A call to the signer failed. */
  signerCallFailed(event: { method: string; code: string; error: unknown }): void;
  /** An operation of the ledger got no answer. */
  ledgerUnavailable(event: { operation: string; error: unknown }): void;
  /** A call was not let in. */
  accessRefused(event: AccessRefusal): void;
  /** A budget that is nearly used up was used for the first time. */
  budgetLow(event: { tenant: string } & BudgetLevel): void;
  /** A budget did not hold a submission, for the first time in a while. */
  budgetExhausted(event: { tenant: string } & BudgetLevel): void;
  /** Rate limits are this process's own for now, or shared again. */
  rateLimitsDegraded(event: { error: unknown }): void;
  rateLimitsRestored(): void;
  /** A lock key takes more locks off than it should; `quiet` when that was told within the last minute. */
  lockKeyBusy(event: { keyId: string; quiet: boolean }): void;
  /** The relayer's balance crossed a threshold. */
  balanceChanged(event: { from: string; to: string; balance: bigint }): void;
  /** What tenants may do could not be read; what was read before goes on to hold. */
  directoryFailed(event: { error: unknown }): void;
  /** A part of the audit log's upkeep failed and is tried again. */
  auditFailed(event: { step: string; error: unknown }): void;
  /** A webhook's receiver has taken the event of a submission's end. */
  webhookDelivered(event: WebhookAttempt): void;
  /** It has not, and is tried again, unless the delivery is dead. */
  webhookFailed(event: WebhookAttempt & { why: string; isDead: boolean }): void;
  /** Somebody began an operation on a relayer's keys. */
  keyOperationStarted(event: KeyOperationNamed & { actor: string }): void;
  /** A step of it is done, or it was cancelled. Told by the one replica that wrote so. */
  keyOperationMoved(event: KeyOperationNamed & { from: string; to: string }): void;
  /** A step of it could not be done, and is tried again. `error` where nobody foresaw it. */
  keyOperationFailed(event: KeyOperationNamed & { step: string; problem: string; error?: unknown }): void;
  /** A pool of keys could not be sized for now. */
  keyPoolNotSized(event: { accountId: string; error: unknown }): void;
}

/** An operation on a relayer's keys. */
export interface KeyOperationNamed {
  readonly operationId: string;
  readonly accountId: string;
  readonly kind: string;
}

/** An attempt to tell a webhook of a submission's end. */
export interface WebhookAttempt {
  readonly webhookId: string;
  readonly submissionId: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly seconds: number;
}

/** Why a call was not let in. */
export interface AccessRefusal {
  /** Empty when the credentials name none. */
  readonly tenant: string;
  readonly actor: string;
  readonly reason: string;
  readonly method: string;
  readonly address: string;
  readonly requestId: string;
}

/** Events that go to the log and the metrics. */
export function createEvents(log: Logger, metrics: Metrics): Events {
  return {
    rpcFinished({ service, method, code, reason = "", requestId, seconds }) {
      metrics.rpcs.inc({ service, method, code, reason });
      metrics.rpcSeconds.observe({ service, method, code }, seconds);
      const fields = {
        request_id: requestId,
        rpc_service: service,
        rpc_method: method,
        code,
        reason,
        seconds,
      };
      // Probes come every few seconds and say nothing new; what the gate refuses, or is served nowhere, comes from
      // anybody, in any number.
      const isQuiet = service.startsWith("grpc.") || isFromAnybody(reason);
      log[isQuiet ? "debug" : "info"](fields, "rpc finished");
    },
    submissionAccepted({ submissionId, kind, network, accountId, requestId }) {
      metrics.submissionsAccepted.inc({ kind });
      const submission = { submission_id: submissionId, kind, network, account_id: accountId };
      log.info({ ...submission, request_id: requestId }, "submission accepted");
    },
    delegateRefused({ tenant, reason, requestId }) {
      metrics.delegateRefusals.inc({ reason });
      log.info({ tenant, reason, request_id: requestId }, "delegate of several refused");
    },
    submissionTransition({ submissionId, kind, from, to, seconds, reason = "", txHash }) {
      metrics.submissionTransitions.inc({ kind, to, reason });
      metrics.submissionStateSeconds.observe({ kind, from }, seconds);
      const fields = { submission_id: submissionId, kind, from, to, seconds, reason, tx_hash: txHash };
      log.info(fields, "submission moved");
    },
    laneAcquired({ laneId }) {
      metrics.laneChanges.inc({ change: "acquired" });
      log.info({ lane_id: laneId }, "lane acquired");
    },
    laneLost({ laneId, error }) {
      metrics.laneChanges.inc({ change: "lost" });
      log.warn({ lane_id: laneId, err: error }, "lane lost");
    },
    laneRetrying({ laneId, step, error, pauseMs }) {
      metrics.laneRetries.inc({ step });
      log.warn({ lane_id: laneId, step, why: wordsOf(error), pause_ms: pauseMs }, "lane retries");
    },
    laneTrouble({ laneId, trouble }) {
      metrics.laneTroubles.inc({ kind: trouble });
      log.warn({ lane_id: laneId, why: trouble }, "lane in trouble");
    },
    laneStateChanged({ accountId, keyId, from, to }) {
      metrics.laneStateChanges.inc({ to });
      const isWell = to === "active" || to === "standby";
      const fields = { account_id: accountId, key_id: keyId, from, to };
      log[isWell ? "info" : "warn"](fields, "lane changed");
    },
    chainCallFailed({ endpoint, method, kind, error }) {
      metrics.chainFailures.inc({ endpoint: String(endpoint), method, kind });
      log.warn({ endpoint, chain_method: method, kind, why: wordsOf(error) }, "chain call failed");
    },
    endpointChanged({ endpoint, breaker, to }) {
      metrics.endpointChanges.inc({ endpoint: String(endpoint), breaker, to });
      log[to === "OPEN" ? "warn" : "info"]({ endpoint, breaker, to }, "endpoint's breaker changed");
    },
    readHedged({ endpoint, method }) {
      metrics.hedgedReads.inc({ endpoint: String(endpoint), method });
      log.debug({ endpoint, chain_method: method }, "read asked twice");
    },
    chainStalled({ height }) {
      metrics.chainStalls.inc({ change: "stalled" });
      log.error({ height: height.toString() }, "the chain stands still");
    },
    chainMoves({ height, seconds }) {
      metrics.chainStalls.inc({ change: "moves" });
      log.info({ height: height.toString(), seconds }, "the chain moves again");
    },
    signerCallFailed({ method, code, error }) {
      metrics.signerFailures.inc({ method, code });
      log.warn({ signer_method: method, code, why: wordsOf(error) }, "signer call failed");
    },
    ledgerUnavailable({ operation, error }) {
      metrics.ledgerFailures.inc({ operation });
      log.error({ operation, err: error }, "ledger unavailable");
    },
    accessRefused({ tenant, actor, reason, method, address, requestId }) {
      metrics.accessRefusals.inc({ method, reason });
      const fields = { request_id: requestId, tenant, actor, reason, rpc_method: method, address };
      log.debug(fields, "call not let in");
    },
    budgetLow(level) {
      metrics.budgetWarnings.inc({ budget: level.scope, amount: level.amount, which: "low" });
      log.warn(budgetFields(level), "budget low");
    },
    budgetExhausted(level) {
      metrics.budgetWarnings.inc({ budget: level.scope, amount: level.amount, which: "exhausted" });
      log.warn(budgetFields(level), "budget exhausted");
    },
    rateLimitsDegraded({ error }) {
      metrics.rateLimitChanges.inc({ change: "degraded" });
      log.error({ why: wordsOf(error) }, "rate limits are this process's own: Redis does not answer");
    },
    rateLimitsRestored() {
      metrics.rateLimitChanges.inc({ change: "restored" });
      log.info("rate limits are shared again");
    },
    lockKeyBusy({ keyId, quiet }) {
      metrics.lockAlarms.inc({ key_id: keyId });
      if (!quiet) log.warn({ key_id: keyId }, "lock key busy");
    },
    balanceChanged({ from, to, balance }) {
      metrics.balanceChanges.inc({ to });
      log[to === "OPEN" ? "info" : "error"](
        { from, to, balance: balance.toString() },
        "relayer's balance crossed a threshold",
      );
    },
    directoryFailed({ error }) {
      metrics.ledgerFailures.inc({ operation: "directory" });
      log.warn({ why: wordsOf(error) }, "tenants not read anew");
    },
    auditFailed({ step, error }) {
      metrics.ledgerFailures.inc({ operation: `audit-${step}` });
      log.warn({ step, why: wordsOf(error) }, "audit log not kept up");
    },
    webhookDelivered({ webhookId, submissionId, attempt, seconds }) {
      metrics.webhookAttempts.inc({ outcome: "delivered" });
      metrics.webhookSeconds.observe({ outcome: "delivered" }, seconds);
      const fields = { webhook_id: webhookId, submission_id: submissionId, attempt, seconds };
      log.info(fields, "webhook delivered");
    },
    webhookFailed({ webhookId, submissionId, attempt, seconds, why, isDead }) {
      const outcome = isDead ? "dead" : "failed";
      metrics.webhookAttempts.inc({ outcome });
      metrics.webhookSeconds.observe({ outcome }, seconds);
      const fields = { webhook_id: webhookId, submission_id: submissionId, attempt, seconds, why };
      if (isDead) log.error(fields, "webhook delivery is dead");
      else log.info(fields, "webhook not delivered");
    },
    keyOperationStarted({ actor, ...operation }) {
      metrics.keyOperationsStarted.inc({ kind: operation.kind });
      log.info({ ...operationFields(operation), actor }, "key operation started");
    },
    keyOperationMoved({ from, to, ...operation }) {
      if (to === "DONE" || to === "CANCELLED") metrics.keyOperations.inc({ kind: operation.kind, end: to });
      log.info({ ...operationFields(operation), from, to }, "key operation moved");
    },
    keyOperationFailed({ step, problem, error, ...operation }) {
      metrics.keyOperationFailures.inc({ kind: operation.kind, step });
      log.warn({ ...operationFields(operation), step, why: problem, err: error }, "key operation retries");
    },
    keyPoolNotSized({ accountId, error }) {
      log.warn({ account_id: accountId, why: wordsOf(error) }, "key pool not sized");
    },
  };
}

function isFromAnybody(reason: string): boolean {
  return reason.startsWith("CREDENTIALS_") || reason === "RATE_LIMITED" || reason === "METHOD_UNKNOWN";
}

function operationFields({ operationId, accountId, kind }: KeyOperationNamed) {
  return { operation_id: operationId, account_id: accountId, kind };
}

function budgetFields({ tenant, scope, amount, used, limit }: { tenant: string } & BudgetLevel) {
  return { tenant, budget: scope, amount, used: used.toString(), limit: limit.toString() };
}

/** An error that is expected to pass, with its causes: a stack for each would bury the rest of the log. */
function wordsOf(error: unknown): string {
  const words: string[] = [];
  for (let cause = error; cause instanceof Error && words.length < 4; cause = cause.cause)
    words.push(cause.message);
  return words.join(": ");
}
