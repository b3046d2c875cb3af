import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { RelayerSignerService } from "@countersign/gen/countersign/signer/v1/relayer_signer_service_pb.ts";
import { createLogger, type Logger, serve, serveOperations } from "@countersign/service-kit";
import type { RefusedPeer } from "./access/signer-gate.ts";
import { openAdmin } from "./admin/open-admin.ts";
import type { Backend } from "./backends/backend.ts";
import type { BackendConfig } from "./backends/backends-schema.ts";
import { openBackends } from "./backends/open-backends.ts";
import { closeInOrder, closeTogether } from "./closing.ts";
import type { SignerConfig } from "./config.ts";
import { assertReloadable, type EffectiveConfig, effectiveConfig } from "./effective-config.ts";
import { allFollow, type FollowsConfig } from "./follow-config.ts";
import { grantsThatHold, verifyAdminGrant } from "./grants/admin-grant-signature.ts";
import type { Journal } from "./journal/journal.ts";
import { KeyPools } from "./key-pool/key-pools.ts";
import { BackendHealth } from "./keys/backend-health.ts";
import { heldRecords, isHeld } from "./keys/held-records.ts";
import { KeyOperations } from "./keys/key-operations.ts";
import { type KeyChange, KeyRing } from "./keys/key-ring.ts";
import { Reloading } from "./keys/reloading.ts";
import { openLock } from "./lock/open-lock.ts";
import { createEvents } from "./observability/events.ts";
import { registerGauges } from "./observability/gauges.ts";
import { createMetrics, createProcessRegistry } from "./observability/metrics.ts";
import { readinessChecks, readinessState } from "./operations/readiness.ts";
import { KeyRates } from "./policy/key-rates.ts";
import { hasPolicy, hasPolicyOfPrefix } from "./policy/policy.ts";
import { RelayerSigner } from "./relayer-signer/relayer-signer.ts";
import { getPublicKey } from "./rpc/get-public-key.ts";
import { keyPoolSignerService } from "./rpc/key-pool/key-pool-signer-service.ts";
import { listKeys } from "./rpc/list-keys.ts";
import { lockSignerService } from "./rpc/lock/lock-signer-service.ts";
import { openRelayPort } from "./rpc/open-relay-port.ts";
import { signTransactions } from "./rpc/sign-transactions.ts";
import { thresholdSignerService } from "./rpc/threshold/threshold-signer-service.ts";
import { openSignerStore } from "./store/open-signer-store.ts";
import { PresignRooms } from "./threshold/ecdsa/presign-rooms.ts";
import { PresignThreads } from "./threshold/ecdsa/presign-threads/presign-threads.ts";
import { PresignTurns } from "./threshold/ecdsa/presign-turns.ts";
import { ExportRates } from "./threshold/export/export-rates.ts";
import { asPlaces } from "./threshold/master-secrets/master-secret-states.ts";
import { openThresholdState } from "./threshold/open-threshold-state.ts";
import type { ThresholdParts } from "./threshold/threshold-parts.ts";

/** What the signer's process and its tests give to it. */
export interface SignerOverrides {
  readonly log?: Logger;
  /** Reads the configuration again, for a reload; without it there is nothing new. */
  readonly readConfig?: () => SignerConfig;
  /** In place of the real thing, for tests. */
  readonly openBackends?: (configs: readonly BackendConfig[]) => Promise<readonly Backend[]>;
  /** The time, for tests of what expires. */
  readonly now?: () => Date;
  /** Stands between the signer and its journal, for tests that fail or kill there. */
  readonly journal?: (journal: Journal) => Journal;
  /** The same for what threshold signing works with. */
  readonly threshold?: (parts: ThresholdParts) => ThresholdParts;
}

/** A signer that serves. */
export interface Signer {
  /** "https://127.0.0.1:7443" or "unix:/run/countersign/signer.sock". */
  readonly address: string;
  /** Undefined without an admin section. */
  readonly adminAddress: string | undefined;
  readonly operationsAddress: string;
  /** Takes the configuration over again. Throws what Reloading.run throws. */
  reload(actor: string): Promise<KeyChange>;
  /**
   * Takes no more calls and lets those that run finish, at most `limits.drain_ms`; then it is closed. Throws the first
   * failure once everything else is closed.
   */
  drain(): Promise<void>;
}

/** How often the store is rid of what has expired, in milliseconds. */
const PRUNE_MS = 60_000;

/**
 * Starts a signer: opens its store and its keys, and serves relays, operators and metrics. Throws an Error whose
 * message tells the operator what is wrong; nothing is left open then.
 */
export async function createSigner(config: SignerConfig, overrides: SignerOverrides = {}): Promise<Signer> {
  const opened: (() => unknown)[] = [];
  try {
    return await openSigner(config, overrides, opened);
  } catch (error) {
    await closeInOrder(opened.reverse()).catch(() => undefined);
    throw error;
  }
}

/** Adds to `opened` how to close what it has opened, for a start that fails half-way. */
async function openSigner(
  config: SignerConfig,
  overrides: SignerOverrides,
  opened: (() => unknown)[],
): Promise<Signer> {
  const log = overrides.log ?? createLogger("signer", config.log.level);
  const registry = createProcessRegistry();
  const events = createEvents(log, createMetrics(registry));
  const now = overrides.now ?? (() => new Date());
  const elapsed = () => performance.now();
  const wait = (ms: number, signal: AbortSignal) => delay(ms, undefined, { signal, ref: false });
  const { limits } = config;

  const store = await openSignerStore(config.store, {
    now,
    newIncarnation: randomUUID,
    events,
    // Asked by the journal when a repair could apply: long after the configuration took effect.
    grantsThatHold: (kept, at) => grantsThatHold(kept, effective.trust, at),
    onAuditFailed: (error) => events.auditFailed(error),
  });
  opened.push(() => store.close());
  for (const warning of store.warnings) log.warn(warning);

  const open = overrides.openBackends ?? openBackends;
  const ring = await KeyRing.open<SignerConfig>(
    { openBackends: ({ backends }) => open(backends), records: store.keyRecords, events, now: elapsed, wait },
    config,
  );
  opened.push(() => ring.close());
  const { keyRecords, adminGrants, audit, requestNonces } = store;
  const records = heldRecords(keyRecords, () => ring.all());
  const parts = { heldRecords: records, adminGrants, rates: new KeyRates(elapsed), now };
  let effective: EffectiveConfig = await effectiveConfig(config, ring.all(), parts);
  const threshold = await openThresholdState({ store, openBackends: open, events, wait }, config);
  opened.push(() => threshold.close());
  const lock = openLock({ records: store.lockKeys, events, elapsed, random: randomBytes }, config.lock);
  opened.push(() => lock.close());

  const refused = ({ peer, reason, message, requestId }: RefusedPeer) => {
    events.requestRefused({ peer, reason, requestId });
    const nothing = { keyId: "", payloadHash: "", tenant: "", submissionId: "" };
    audit.refused({ peer, reason, message, requestId, ...nothing });
  };
  const { audience } = config;
  const signer = new RelayerSigner({
    keyOf: (keyId) => ring.open(keyId),
    rules: () => effective.rules,
    journal: overrides.journal?.(store.journal) ?? store.journal,
  });

  const presignThreads = new PresignThreads();
  opened.push(() => presignThreads.close());
  const thresholdParts: ThresholdParts = {
    store: threshold.store,
    ecdsa: threshold.ecdsa,
    presignWork: presignThreads,
    presignRooms: new PresignRooms(),
    presignTurns: new PresignTurns(),
    masterSecrets: threshold.masterSecrets,
    config: threshold.config,
    exportRates: new ExportRates(elapsed),
    now,
    random: randomBytes,
  };

  const keys = new KeyOperations({
    records: keyRecords,
    generate: (backend, names, actor, check) => ring.generate(backend, names, actor, check),
    hasPolicy: (key) => hasPolicy(effective.config.policies, key),
    events,
  });
  const pools = new KeyPools({
    keys,
    records: keyRecords,
    grantsThatHold: (kept, at) => grantsThatHold(kept, effective.trust, at),
    isServed: (key) => hasPolicy(effective.config.policies, key) && isHeld(key, ring.key(key.keyId)),
    hasPolicyOfPrefix: (key, prefix) => hasPolicyOfPrefix(effective.config.policies, key, prefix),
    now,
  });

  const stopping = new AbortController();
  const relays = await openRelayPort({
    config,
    services: [
      serve(RelayerSignerService, {
        getPublicKey: getPublicKey(records),
        listKeys: listKeys(records),
        signTransactions: signTransactions({
          signer,
          holds: (keyId) => ring.open(keyId) !== undefined,
          audit,
          events,
          now: elapsed,
        }),
      }),
      thresholdSignerService({
        parts: overrides.threshold?.(thresholdParts) ?? thresholdParts,
        audit,
        events,
        now: elapsed,
      }),
      lockSignerService({ parts: lock, events, now: elapsed }),
      keyPoolSignerService({
        pools,
        holds: (keyId) => ring.key(keyId) !== undefined,
        audit,
        events,
      }),
    ],
    requestNonces,
    events,
    onRefused: refused,
    now,
    log,
    stopping,
  });
  opened.push(() => relays.drain());

  const health = new BackendHealth({
    backends: () => ring.backends(),
    missing: () => ring.missing(),
    events,
    wait,
  });
  const followers: FollowsConfig[] = [
    async (next, held) => {
      assertReloadable(config, next);
      const prepared = await effectiveConfig(next, held, parts);
      return () => {
        effective = prepared;
      };
    },
    (next) => threshold.follow(next),
    (next) => lock.follow(next),
    relays.follow,
  ];
  const reloading = new Reloading<SignerConfig>({
    readConfig: overrides.readConfig ?? (() => config),
    prepareKeys: (next) => ring.prepare(next),
    prepareOthers: (next, held) => allFollow(followers, next, held),
    audit,
    events,
  });
  const reload = (actor: string) => reloading.run(actor);
  const journalState = async () => {
    const [status, incarnation] = await Promise.all([store.status(), store.incarnation()]);
    return { ...status, incarnation };
  };
  const sources = {
    ping: () => store.ping(),
    keys: () => keys.list(),
    backends: () => health.states(),
    missing: () => ring.missing(),
    masterSecrets: () => threshold.secretStates(),
    lockKeys: () => lock.keys.list(),
    journal: journalState,
  };
  registerGauges(registry, sources);
  const operations = await serveOperations({
    listen: config.operations,
    checks: readinessChecks(sources),
    state: () => readinessState(sources),
    registry,
    log,
    stopping: stopping.signal,
  });
  opened.push(() => operations.close());
  const admin = await openAdmin({
    config,
    context: {
      audience,
      keys,
      reload,
      backends: () => [...health.states(), ...asPlaces(threshold.secretStates())],
      journal: journalState,
      grants: adminGrants,
      locks: lock.operations,
      verifyAdminGrant: (grant) => verifyAdminGrant(grant, effective.trust, now()),
      events,
    },
    requestNonces,
    events,
    onRefused: refused,
    now,
    log,
    stopping,
  });
  if (admin !== null) followers.push(admin.follow);

  const working = new AbortController();
  const prune = async () => {
    while (!working.signal.aborted) {
      await store.prune().catch((error: unknown) => events.notPruned(error));
      await wait(PRUNE_MS, working.signal).catch(() => undefined);
    }
  };
  const work = Promise.all([health.run(working.signal), prune()]);
  relays.setServing(true);
  events.listening({ address: relays.address, admin: admin?.address, operations: operations.address });

  return {
    address: relays.address,
    adminAddress: admin?.address,
    operationsAddress: operations.address,
    reload,
    async drain() {
      events.stopping();
      await closeInOrder([
        () =>
          closeTogether([
            () => relays.drain(),
            () => admin?.drain(limits.drain_ms),
            // What a reload that is under way takes over is closed with the rest.
            () => reloading.close(),
          ]),
        () => working.abort(),
        () => work,
        () => operations.close(),
        () => presignThreads.close(),
        () => threshold.close(),
        () => lock.close(),
        () => ring.close(),
        () => store.close(),
      ]);
      events.stopped();
    },
  };
}
