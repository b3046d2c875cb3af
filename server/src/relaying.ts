import { randomBytes, randomUUID } from "node:crypto";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { reasonName, serve } from "@countersign/service-kit";
import { passedCredential } from "./access/passed-credential.ts";
import { openBalance } from "./balance/open-balance.ts";
import { pruneBudgets } from "./budget/budget-pruner.ts";
import { BudgetWatch } from "./budget/budget-watch.ts";
import type { RelayConfig } from "./config/config.ts";
import type { Entrance } from "./entrance.ts";
import type { Foundation } from "./foundation.ts";
import { openKeyPools } from "./key-pool/open-key-pools.ts";
import { LanePool } from "./lanes/lane-pool.ts";
import { readWork } from "./lanes/work.ts";
import type { Submission } from "./ledger/ledger.ts";
import type { Chain } from "./near/open-chain.ts";
import { registerNearGauges, registerRelayingGauges, registerWebhookGauges } from "./observability/gauges.ts";
import { registerKeyPoolGauges } from "./observability/key-pool-gauges.ts";
import { registerLaneGauges } from "./observability/lane-gauges.ts";
import { availability } from "./relay/availability.ts";
import type { RelayContext } from "./relay/relay-context.ts";
import { relayService } from "./relay/relay-service.ts";
import { submissionEvent, testEvent } from "./relay/submission-event.ts";
import { relayRules } from "./relay-rules.ts";
import type { Room } from "./room.ts";
import type { AccountCreation } from "./rules/account-rules.ts";
import { entitlementOf } from "./tenant/entitlement.ts";
import { heldTenants, isHeld, isKeyPaused, pauseRefusal } from "./tenant/pauses.ts";
import { openThreshold } from "./threshold/open-threshold.ts";
import { Changes } from "./tx/changes.ts";
import { Intake } from "./tx/intake.ts";
import { LedgerKeyChanges } from "./tx/key-changes.ts";
import { pruneMarks } from "./tx/mark-pruner.ts";
import { submissionIds } from "./tx/submission-id.ts";
import { openWebhooks } from "./webhooks/open-webhooks.ts";

export interface RelayingOptions {
  readonly config: RelayConfig;
  readonly foundation: Foundation;
  readonly chain: Chain;
  readonly entrance: Entrance;
}

/**
 * Signing and paying for what callers send: everything that spends money or has keys sign. Takes up the work that an
 * earlier process left when it runs.
 */
export function openRelaying({ config, foundation, chain, entrance }: RelayingOptions): Room {
  const { log, registry, events, now, random, ledger, signer } = foundation;
  const { relayerSigner, thresholdSigner } = signer;
  const { endpointCount, isDown, views, transactions, head } = chain;
  const { protection, session } = entrance;
  const { directory } = protection;
  const { network } = config;
  const accountCreation = accountCreationOf(config);
  const balance = openBalance({ config, views, events, audit: protection.audit, log });

  const lanes = new LanePool({
    network,
    relayers: config.relayers.map((relayer) => ({ ...relayer, keyIdPrefix: relayer.pool?.keyIdPrefix })),
    owner: randomUUID(),
    leaseMs: config.lanes.leaseMs,
    ledger,
    now,
    events,
    listKeys: (signal) => relayerSigner.listKeys(signal),
    onKeysFailed: (error) => log.error({ err: error }, "the relayer's keys are not known yet"),
    onKeyChanged: ({ accountId, keyId, signs }) => {
      const what = signs
        ? "signs again"
        : "signs nothing for now: it is not active, paused, or no more the key that it was";
      log.warn({ account_id: accountId }, `the signer's key ${keyId} ${what}`);
    },
    onLaneState: (change) => events.laneStateChanged(change),
    onQueueUnseen: (error) => events.ledgerUnavailable({ operation: "waiting", error }),
    heldTenants: () => heldTenants(directory.pauses),
    holdsOf: (publicKey) => ({
      lane: isHeld(directory.pauses) || isKeyPaused(directory.pauses, publicKey),
      tenants: heldTenants(directory.pauses),
    }),
    worker: {
      window: config.lanes.window,
      ledger,
      signer: relayerSigner,
      head,
      chain: {
        views,
        transactions,
        endpointCount,
        isDown,
        validityBlocks: BigInt(config.near.transactionValidityBlocks),
      },
      now,
      random,
      events,
      readWork: (stored) => readWork(stored, accountCreation?.registrar),
    },
  });

  const accepted = ({ id, kind, accountId }: Submission) => {
    events.submissionAccepted({ submissionId: id, kind, network, accountId });
    lanes.wake();
  };
  const rules = relayRules({ config, accountCreation, views, head, ledger, balance });
  const budgets = new BudgetWatch(events);
  const newId = submissionIds(now, randomBytes);
  const intake = new Intake({
    network,
    ledger,
    ...rules,
    entitlementOf: (caller) => entitlementOf(directory, caller),
    withdrawal: entrance.withdrawal,
    heldTenants: () => heldTenants(directory.pauses),
    accountCreation,
    maxOpen: config.limits.maxOpenSubmissions,
    now,
    newId,
    onAccepted: (submission, { tenant, budgetUser }, levels) => {
      accepted(submission);
      budgets.accepted(tenant, budgetUser, levels);
    },
    onExhausted: ({ tenant, budgetUser }, level) => budgets.exhausted(tenant, budgetUser, level),
  });

  const changes = new Changes(
    (listener) => ledger.onChange(listener),
    (tenant, id) => ledger.getSubmission(tenant, id),
  );
  const context: RelayContext = {
    network,
    intake,
    ledger,
    changes,
    transactions,
    delegateRules: rules.delegateRules,
    limits: { ...config.delegates, ...config.limits },
    accountCreation,
    relayers: () => lanes.relayers(),
    entitlementOf: (caller) => entitlementOf(directory, caller),
    pauseRefusal: (tenant, method) => pauseRefusal(directory.pauses, { tenant, method }),
    availability: () => availability(balance.state, directory.pauses),
    callerCredential: config.signer.passCredentials ? passedCredential : () => null,
    onRefusedDelegate: (caller, method, reason, requestId) => {
      events.delegateRefused({ tenant: caller.tenant, reason: reasonName(reason), requestId });
      protection.noteRefusal(caller, method, reason);
    },
    now,
  };
  registerRelayingGauges(registry, {
    ledger,
    lanes: () => lanes.count(),
    balances: () => balance.balances(),
    fundingState: () => balance.state,
    now,
  });
  const webhooks = openWebhooks({
    config: config.webhooks,
    ...{ ledger, directory, events, now, random },
    eventOf: submissionEvent,
    testEvent: (tenant) => testEvent(tenant, now(), randomBytes(16)),
  });
  const keyPools = openKeyPools({
    config,
    ledger,
    signer: signer.keyPoolSigner,
    listKeys: (signal) => relayerSigner.listKeys(signal),
    changes: new LedgerKeyChanges({ network, ledger, now, newId, onAccepted: accepted }),
    chain: { views, endpointCount },
    ...{ lanes, head, balance, directory, events, now },
  });
  registerKeyPoolGauges(registry, keyPools.gauges, now);
  registerWebhookGauges(registry, { ledger, now });
  registerLaneGauges(registry, () => lanes.reports());
  registerNearGauges(registry, { endpoints: chain.endpoints, stalled: () => head.stalled });

  return {
    network,
    webhooks: webhooks.desk,
    keyPools: keyPools.desk,
    services: [
      serve(RelayService, relayService(context)),
      ...openThreshold({
        ...{ config, directory, users: session.users },
        signer: thresholdSigner,
        withdrawal: entrance.withdrawal,
      }),
    ],
    checks: {
      chain: () => head.get(),
      signer: (signal) => relayerSigner.listKeys(signal),
    },
    state: () => ({ balance: balance.state, chain: { stalled: head.stalled, endpoints: chain.endpoints() } }),
    run: (signal) =>
      Promise.all([
        lanes.run(signal),
        keyPools.run(signal),
        balance.run(signal),
        webhooks.run(signal),
        pruneBudgets(
          {
            ledger,
            now,
            onFailed: (error) => events.ledgerUnavailable({ operation: "prune-budgets", error }),
          },
          signal,
        ),
        pruneMarks(
          { network, ledger, head, onFailed: (error) => log.warn({ err: error }, "marks not pruned") },
          signal,
        ),
      ]),
    close: () => changes.close(),
  };
}

function accountCreationOf({ accountCreation }: RelayConfig): AccountCreation | undefined {
  if (accountCreation === undefined) return undefined;
  const { suffixes, initialBalance, registrar, veto } = accountCreation;
  return { suffixes, initialBalance, registrar, veto };
}
