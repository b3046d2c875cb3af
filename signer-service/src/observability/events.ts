import { type DomainError, type Logger, reasonName } from "@countersign/service-kit";
import { base58 } from "@scure/base";
import type { HeldKey } from "../relayer-signer/key-backend.ts";
import type { Signed, SigningResult } from "../relayer-signer/signing-call.ts";
import type { Metrics } from "./metrics.ts";
import { outcomeOf } from "./outcome.ts";

/**
 * What the signer did: one function per event, which logs it and counts it. Payloads, signatures and secrets are in
 * none of them.
 *
 * Log fields have these names and no others, so that a line can be found by any of them:
 * - `request_id`     header x-request-id, also in every error that a caller gets
 * - `reason`         ErrorReason without its prefix
 * - `key_id`, `network`, `account_id`, `purpose`, `hash`   a key and what it signed; `hash` is the transaction's
 * - `backend`, `problem`   a place that holds keys, and what is wrong with it
 * - `actor`, `change`, `admin_grant`, `added`, `removed`   an operator and what was done
 * - `peer`           who called
 * - `address`, `admin`, `operations`, `expires_at`   where the signer listens, and until when its certificates hold
 * - `count`, `refused`, `signed`, `duration_ms`   a call for signatures
 * - `rpc_method`, `tenant`   a call about a threshold key
 * - `scheme`, `epoch`, `signing_session`   a master secret's scheme and epoch, a run of a threshold protocol
 * - `arithmetic`, `passed_over`   what computes suite 1 of the lock, and what could not, with the reasons
 * - `err`            the private cause
 */
export interface SignerEvents {
  /** Keys are held from now on. */
  keysLoaded(keys: readonly HeldKey[]): void;
  /** Keys could not be loaded; they are tried again. Without ids all keys of the backend are meant. */
  keysAway(event: { backend: string; keyIds: readonly string[]; problem: string }): void;
  /** Calls are taken from now on. Without an admin section there is no such address. */
  listening(at: { address: string; admin: string | undefined; operations: string }): void;
  /** A call for signatures was answered. */
  batchAnswered(batch: {
    requestId: string;
    network: string;
    results: readonly SigningResult[];
    durationMs: number;
  }): void;
  /** A call about threshold keys was answered, or refused. */
  thresholdAnswered(call: {
    requestId: string;
    method: string;
    tenant: string;
    /** Empty for a call that is about no key that is known. */
    keyId: string;
    refusal?: DomainError;
    durationMs: number;
  }): void;
  /** A master secret can be used from now on. */
  masterSecretHeld(event: { scheme: string; network: string; epoch: number }): void;
  /** A master secret cannot be had now. */
  masterSecretAway(event: { scheme: string; network: string; epoch: number; problem: string }): void;
  /** What the store keeps of a signing session does not open: it was changed, or its sealing key is not configured. */
  signingUnreadable(id: string): void;
  /** The lock is served from now on, suite 1 with this arithmetic. */
  lockServed(arithmetic: { name: string; passedOver: readonly string[] }): void;
  /** A call for a lock was answered, or refused. */
  lockAnswered(call: { requestId: string; method: string; refusal?: DomainError; durationMs: number }): void;
  /** An operator made or retired a lock key. */
  lockKeyChanged(event: { keyId: string; change: "made" | "retired"; actor: string }): void;
  /** A lock key in the store does not open: it was changed, or its sealing key is not configured. */
  lockKeyUnreadable(keyId: string): void;
  /** A backend made a signature. Counted only. */
  backendSigned(event: { backend: string; seconds: number }): void;
  /** A backend did not. Counted only: the refusal of the transaction is logged with its cause. */
  backendFailed(event: { backend: string }): void;
  /** A backend went away, or is back. */
  backendChanged(event: { backend: string; healthy: boolean; problem: string }): void;
  /** A backend that is not needed any more could not be closed. */
  notClosed(error: unknown): void;
  /** A relay's call for the life of a key was answered, or refused. The key is empty where the signer holds none. */
  keyPoolAnswered(call: { requestId: string; method: string; keyId: string; refusal?: DomainError }): void;
  /** An operator, or a relay within its grant, changed a key. */
  keyChanged(event: { keyId: string; change: string; actor: string }): void;
  /** An operator installed or revoked an admin grant. */
  adminGrantChanged(event: { id: string; change: "installed" | "revoked"; actor: string }): void;
  /** A new configuration is in effect. */
  reloaded(event: { added: readonly string[]; removed: readonly string[]; actor: string }): void;
  /** A configuration was not taken over. */
  reloadFailed(event: { actor: string; reason: string; error: unknown }): void;
  /** A connection or a request was not let in. Logged at debug: anybody in reach can have many of them; the audit has all. */
  requestRefused(event: { peer: string; reason: string; requestId: string }): void;
  /** A server uses new certificates, for new connections. */
  certificatesRenewed(event: { address: string; expiresAt: Date }): void;
  /** New certificates cannot be used: the server goes on with the old ones. */
  certificatesNotRenewed(event: { address: string; error: Error }): void;
  /** The store's life began anew: no key signs until its nonce is read from the chain. */
  restored(reason: string): void;
  /** The incarnation file could not be written: a store that is put back may go unnoticed. */
  witnessFailed(error: unknown): void;
  /** Refusals could not be written to the audit; they are kept and tried again. */
  auditFailed(error: unknown): void;
  /** What has expired could not be deleted from the store; it is tried again. */
  notPruned(error: unknown): void;
  stopping(): void;
  stopped(): void;
}

/** Events that go to the log and the metrics. */
export function createEvents(log: Logger, metrics: Metrics): SignerEvents {
  /** A caller may name any key: only those that were held at some time become a label. */
  const known = new Set<string>();
  const keyLabel = (keyId: string) => (known.has(keyId) ? keyId : "");
  /** Once for each key and purpose: those of a call are mostly the same. */
  const countSigned = (signed: readonly Signed[]) => {
    for (const [keyId, ofKey] of Map.groupBy(signed, (one) => one.keyId)) {
      for (const [purpose, { length }] of Map.groupBy(ofKey, (one) => one.purpose)) {
        metrics.signatures.inc({ key: keyLabel(keyId), purpose, outcome: "succeeded", reason: "" }, length);
      }
    }
  };
  return {
    keysLoaded(keys) {
      for (const { keyId, network, accountId, backend } of keys) {
        known.add(keyId);
        const fields = { key_id: keyId, network, account_id: accountId, backend: backend.describe() };
        log.info(fields, "key loaded");
      }
    },
    keysAway({ backend, keyIds, problem }) {
      for (const keyId of keyIds) known.add(keyId);
      log.error({ backend, key_id: keyIds.join(","), problem }, "keys not loaded");
    },
    listening: ({ address, admin, operations }) => log.info({ address, admin, operations }, "listening"),
    batchAnswered({ requestId, network, results, durationMs }) {
      metrics.callSeconds.observe(durationMs / 1000);
      const signed = results.filter((result) => result.kind === "signed");
      countSigned(signed);
      for (const result of results) {
        if (result.kind === "signed") continue;
        const { keyId, purpose } = result;
        const reason = reasonName(result.reason);
        const outcome = outcomeOf(result.reason);
        metrics.signatures.inc({ key: keyLabel(keyId), purpose, outcome, reason });
        const fields = { request_id: requestId, network, key_id: keyId, purpose, reason };
        log.warn(
          result.cause === undefined ? fields : { ...fields, err: result.cause },
          "transaction refused",
        );
      }
      // Each signature stands in the journal with its request's id; a line for each would cost more than to make it.
      if (!log.isLevelEnabled("debug")) return;
      log.debug(
        {
          request_id: requestId,
          network,
          count: results.length,
          refused: results.length - signed.length,
          signed: signed.map(({ keyId, hash }) => ({ key_id: keyId, hash: base58.encode(hash) })),
          duration_ms: Math.round(durationMs * 1000) / 1000,
        },
        "batch answered",
      );
    },
    thresholdAnswered({ requestId, method, tenant, keyId, refusal, durationMs }) {
      metrics.thresholdSeconds.observe({ method }, durationMs / 1000);
      const fields = { request_id: requestId, rpc_method: method, tenant, key_id: keyId };
      if (refusal === undefined) {
        metrics.thresholdCalls.inc({ method, outcome: "succeeded", reason: "" });
        const duration = Math.round(durationMs * 1000) / 1000;
        log.debug({ ...fields, duration_ms: duration }, "threshold call answered");
        return;
      }
      const reason = reasonName(refusal.reason);
      metrics.thresholdCalls.inc({ method, outcome: outcomeOf(refusal.reason), reason });
      const { cause } = refusal;
      const told = { ...fields, reason };
      log.warn(cause === undefined ? told : { ...told, err: cause }, "threshold call refused");
    },
    masterSecretHeld: (event) => log.info(event, "master secret held"),
    masterSecretAway: (event) => log.error(event, "master secret away"),
    signingUnreadable(id) {
      metrics.upkeepErrors.inc({ what: "sealed state" });
      log.error({ signing_session: id }, "sealed state does not open");
    },
    lockServed: ({ name, passedOver }) =>
      log.info({ arithmetic: name, passed_over: passedOver.join("; ") }, "lock served"),
    lockAnswered({ requestId, method, refusal, durationMs }) {
      metrics.lockSeconds.observe({ method }, durationMs / 1000);
      const reason = refusal === undefined ? "" : reasonName(refusal.reason);
      const outcome = refusal === undefined ? "succeeded" : outcomeOf(refusal.reason);
      metrics.lockCalls.inc({ method, outcome, reason });
      if (refusal === undefined) return;
      const fields = { request_id: requestId, rpc_method: method, reason };
      // Anybody can have any number of elements refused.
      if (outcome === "denied") log.debug(fields, "lock call refused");
      else log.error({ ...fields, err: refusal.cause }, "lock call failed");
    },
    lockKeyChanged: ({ keyId, change, actor }) =>
      log.info({ key_id: keyId, change, actor }, "lock key changed"),
    lockKeyUnreadable(keyId) {
      metrics.upkeepErrors.inc({ what: "sealed state" });
      log.error({ key_id: keyId }, "lock key does not open");
    },
    backendSigned: ({ backend, seconds }) => metrics.backendSeconds.observe({ backend }, seconds),
    backendFailed: ({ backend }) => metrics.backendErrors.inc({ backend }),
    backendChanged({ backend, healthy, problem }) {
      if (healthy) log.info({ backend }, "backend is back");
      else log.error({ backend, problem }, "backend gives no answer");
    },
    notClosed: (error) => log.warn({ err: error }, "backend not closed"),
    keyPoolAnswered({ requestId, method, keyId, refusal }) {
      const reason = refusal === undefined ? "" : reasonName(refusal.reason);
      const outcome = refusal === undefined ? "succeeded" : outcomeOf(refusal.reason);
      metrics.keyPoolCalls.inc({ method, outcome, reason });
      if (refusal === undefined) return;
      const fields = { request_id: requestId, rpc_method: method, key_id: keyId, reason };
      const { cause } = refusal;
      log.warn(cause === undefined ? fields : { ...fields, err: cause }, "key pool call refused");
    },
    keyChanged: ({ keyId, change, actor }) => log.info({ key_id: keyId, change, actor }, "key changed"),
    adminGrantChanged: ({ id, change, actor }) =>
      log.info({ admin_grant: id, change, actor }, "admin grant changed"),
    reloaded({ added, removed, actor }) {
      metrics.reloads.inc({ outcome: "succeeded" });
      log.info({ added, removed, actor }, "configuration reloaded");
    },
    reloadFailed({ actor, reason, error }) {
      metrics.reloads.inc({ outcome: "failed" });
      log.error({ actor, reason, err: error }, "configuration not reloaded");
    },
    requestRefused({ peer, reason, requestId }) {
      metrics.refusals.inc({ reason });
      log.debug({ request_id: requestId, peer, reason }, "request refused");
    },
    certificatesRenewed: ({ address, expiresAt }) =>
      log.info({ address, expires_at: expiresAt.toISOString() }, "certificates renewed"),
    certificatesNotRenewed({ address, error }) {
      metrics.upkeepErrors.inc({ what: "certificates" });
      log.error({ address, err: error }, "certificates not renewed");
    },
    restored: (reason) =>
      log.error({ problem: reason }, "the journal is locked: read its floors from the chain"),
    witnessFailed(error) {
      metrics.upkeepErrors.inc({ what: "incarnation" });
      log.error({ err: error }, "incarnation file not written");
    },
    auditFailed(error) {
      metrics.upkeepErrors.inc({ what: "audit" });
      log.error({ err: error }, "refusals not written to the audit");
    },
    notPruned(error) {
      metrics.upkeepErrors.inc({ what: "pruning" });
      log.warn({ err: error }, "store not pruned");
    },
    stopping: () => log.info("stopping"),
    stopped: () => log.info("stopped"),
  };
}
