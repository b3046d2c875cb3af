import { randomBytes, randomUUID } from "node:crypto";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { createLogger, type Logger, serve, serveOperations } from "@countersign/service-kit";
import { withdrawal } from "./access/admission.ts";
import type { Authenticator } from "./access/authenticator.ts";
import type { Caller } from "./access/caller.ts";
import { assertAccessStated } from "./access/method-access.ts";
import { passedCredential } from "./access/passed-credential.ts";
import { openAdmin } from "./admin/open-admin.ts";
import { BudgetWatch } from "./budget/budget-watch.ts";
import type { RelayConfig } from "./config/config.ts";
import { openLedger } from "./ledger/open-ledger.ts";
import { openChain } from "./near/open-chain.ts";
import { createEvents, type Events } from "./observability/events.ts";
import { registerGauges } from "./observability/gauges.ts";
import { createMetrics, createProcessRegistry } from "./observability/metrics.ts";
import { openProtection } from "./protection.ts";
import { availability } from "./relay/availability.ts";
import type { RelayContext } from "./relay/relay-context.ts";
import { relayService } from "./relay/relay-service.ts";
import { relayRules } from "./relay-rules.ts";
import type { AccountCreation } from "./rules/account-rules.ts";
import { openAppTokens } from "./session/app-tokens.ts";
import { openSession } from "./session/open-session.ts";
import { openSigner } from "./signer-client/open-signer.ts";
import { entitlementOf } from "./tenant/entitlement.ts";
import { heldTenants, isHeld, isKeyPaused, pauseRefusal } from "./tenant/pauses.ts";
import { openThreshold } from "./threshold/open-threshold.ts";
import { servePublic } from "./transport/public-server.ts";
import { walletOriginsFilter } from "./transport/wallet-origins.ts";
import { Changes } from "./tx/changes.ts";
import { Intake } from "./tx/intake.ts";
import { LanePool } from "./tx/lane-pool.ts";
import { pruneMarks } from "./tx/mark-pruner.ts";
import { submissionIds } from "./tx/submission-id.ts";
import { readWork } from "./tx/work.ts";

/** What a test may put in place of the real thing. */
export interface AppOverrides {
  readonly log?: Logger;
  readonly events?: (events: Events) => Events;
  /** Authenticators of the deployment's own, asked before API keys and tokens. */
  readonly authenticators?: readonly Authenticator[];
}

/** A relay that serves. */
export interface App {
  /** Base URL of the public port. */
  readonly address: string;
  /** Base URL of the operators' port. */
  readonly operationsAddress: string;
  /** Where countersign.admin.v1 is served; undefined without it. */
  readonly adminAddress: string | undefined;
  /** Takes no more calls, lets those that run finish within a bound, gives the lanes back and closes. */
  stop(): Promise<void>;
}

/** How long running calls may take to finish when the relay stops, in milliseconds. */
const DRAIN_MS = 10_000;

/**
 * Starts a relay: opens the ledger, takes up the work that an earlier process left, and serves. It starts
 * without a signer or a chain and is ready once both answer. Throws what openLedger throws, and when an address cannot
 * be had or a file of the admin port not be read; nothing is left open then.
 */
export async function createApp(config: RelayConfig, overrides: AppOverrides = {}): Promise<App> {
  const opened: (() => Promise<void>)[] = [];
  try {
    return await openApp(config, overrides, opened);
  } catch (error) {
    // A port that stays open keeps the process alive, and takes calls on which nobody works.
    for (const close of opened.reverse()) await close().catch(() => undefined);
    throw error;
  }
}

/** Adds to `opened` how to close what it has opened, for a start that fails half-way. */
async function openApp(
  config: RelayConfig,
  overrides: AppOverrides,
  opened: (() => Promise<void>)[],
): Promise<App> {
  const log = overrides.log ?? createLogger("relay", config.log.level);
  const registry = createProcessRegistry();
  const logged = createEvents(log, createMetrics(registry));
  const events = overrides.events?.(logged) ?? logged;
  const now = () => new Date();
  const random = Math.random;
  const { network } = config;

  const ledger = await openLedger(config.ledger.url);
  opened.push(() => ledger.close());
  const { endpointCount, views, transactions, head } = openChain({ config, events, random });
  const { relayerSigner, thresholdSigner } = openSigner({ config: config.signer, events, log, now });
  const accountCreation = accountCreationOf(config);

  const tokens = await openAppTokens({ config, store: ledger, events, log, now });
  const protection = await openProtection({
    config,
    ledger,
    views,
    events,
    log,
    now,
    authenticators: [...(overrides.authenticators ?? []), ...(tokens ? [tokens.authenticator] : [])],
  });
  opened.push(() => protection.close());
  const session = openSession({ config, ledger, views, protection, tokens, events, log, now, randomBytes });
  opened.push(() => session.close());
  const { directory, balance } = protection;
  // Asked again of a call that was let in, right before something is done for it.
  const withdrawalOf = (caller: Caller, method: string) =>
    session.withdrawal(caller) ?? withdrawal(directory, caller, method, now());

  const lanes = new LanePool({
    network,
    relayers: config.relayers,
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
        validityBlocks: BigInt(config.near.transactionValidityBlocks),
      },
      now,
      random,
      events,
      readWork: (stored) => readWork(stored, accountCreation?.registrar),
    },
  });

  const rules = relayRules({ config, accountCreation, views, head, ledger, balance });
  const budgets = new BudgetWatch(events);
  const intake = new Intake({
    network,
    ledger,
    ...rules,
    entitlementOf: (caller) => entitlementOf(directory, caller),
    withdrawal: withdrawalOf,
    heldTenants: () => heldTenants(directory.pauses),
    accountCreation,
    maxOpen: config.limits.maxOpenSubmissions,
    now,
    newId: submissionIds(now, randomBytes),
    onAccepted: ({ id, kind, accountId }, { tenant, budgetUser }, levels) => {
      events.submissionAccepted({ submissionId: id, kind, network, accountId });
      budgets.accepted(tenant, budgetUser, levels);
      lanes.wake();
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
    now,
  };
  registerGauges(registry, {
    ledger,
    lanes: () => lanes.count(),
    balances: () => balance.balances(),
    fundingState: () => balance.state,
    pauses: () => directory.pauses,
    now,
  });

  const draining = new AbortController();
  const working = new AbortController();
  const services = [
    serve(RelayService, relayService(context)),
    ...openThreshold({
      ...{ config, directory, users: session.users },
      signer: thresholdSigner,
      withdrawal: withdrawalOf,
    }),
    ...session.services,
  ];
  assertAccessStated(services.map(({ service }) => service));
  const publicServer = await servePublic({
    listen: config.listen,
    cors: {
      isListed: (origin) => config.cors.origins.includes(origin) || directory.allOrigins().has(origin),
      credentials: config.cors.credentials,
    },
    filters: [walletOriginsFilter((id) => directory.relyingParty(id)), ...session.filters],
    gate: protection.gate,
    interceptors: [protection.denials, ...session.interceptors],
    limits: config.limits,
    services,
    events,
    log,
    stopping: draining,
  });
  opened.push(() => publicServer.drain(DRAIN_MS));
  const operations = await serveOperations({
    listen: config.operations,
    checks: {
      ledger: () => ledger.ping(),
      chain: () => head.get(),
      signer: (signal) => relayerSigner.listKeys(signal),
    },
    state: () => ({
      balance: balance.state,
      pauses: directory.pauses.map(({ level, target, mode }) => ({ level, target, mode })),
    }),
    registry,
    log,
    stopping: draining.signal,
  });
  opened.push(() => operations.close());
  const admin = await openAdmin({ config, protection, ledger, now, events, log, stopping: draining });
  const work = Promise.all([
    lanes.run(working.signal),
    protection.run(working.signal),
    session.run(working.signal),
    pruneMarks(
      { network, ledger, head, onFailed: (error) => log.warn({ err: error }, "marks not pruned") },
      working.signal,
    ),
  ]);
  publicServer.setServing(true);
  const addresses = { address: publicServer.address, operations: operations.address, admin: admin?.address };
  log.info({ network, ...addresses, audit_key: protection.auditKey.publicKey }, "relay serves");

  return {
    address: publicServer.address,
    operationsAddress: operations.address,
    adminAddress: admin?.address,
    async stop() {
      await Promise.all([publicServer.drain(DRAIN_MS), admin?.drain(DRAIN_MS)]);
      working.abort();
      await work;
      changes.close();
      await operations.close();
      await session.close();
      await protection.close();
      await ledger.close();
      log.info("relay stopped");
    },
  };
}

function accountCreationOf({ accountCreation }: RelayConfig): AccountCreation | undefined {
  if (accountCreation === undefined) return undefined;
  const { suffixes, initialBalance, registrar, veto } = accountCreation;
  return { suffixes, initialBalance, registrar, veto };
}
