import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Client, createClient } from "@connectrpc/connect";
import { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { createLogger, Secret } from "@countersign/service-kit";
import { openAdmin } from "@countersign/signer-service/admin/open-admin.ts";
import { publicKeyOf } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import type { SignerConfig } from "@countersign/signer-service/config.ts";
import { verifyAdminGrant } from "@countersign/signer-service/grants/admin-grant-signature.ts";
import { BackendHealth } from "@countersign/signer-service/keys/backend-health.ts";
import { KeyOperations } from "@countersign/signer-service/keys/key-operations.ts";
import { KeyRing } from "@countersign/signer-service/keys/key-ring.ts";
import type { ConfiguredKey } from "@countersign/signer-service/keys/keys-schema.ts";
import { Reloading } from "@countersign/signer-service/keys/reloading.ts";
import type { RingKey } from "@countersign/signer-service/keys/ring-key.ts";
import { LockKeyOperations } from "@countersign/signer-service/lock/lock-key-operations.ts";
import { createEvents } from "@countersign/signer-service/observability/events.ts";
import { registerGauges } from "@countersign/signer-service/observability/gauges.ts";
import { createMetrics, createProcessRegistry } from "@countersign/signer-service/observability/metrics.ts";
import { Seals } from "@countersign/signer-service/sealing/seals.ts";
import { openStore } from "@countersign/signer-service/store/open-store.ts";
import { type SignerStore, signerStoreOver } from "@countersign/signer-service/store/signer-store.ts";
import { onTestFinished } from "vitest";
import { unixTransport } from "../../support/signer-client.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { MemoryBackend, type Place } from "./memory-backend.ts";

export const AUDIENCE = "signer-test";
export const NETWORK = "countersign-devnet";

const LOCK_SEALS = new Seals([randomBytes(32)]);

/** What a test's signer is configured with. */
export interface World {
  places: Record<string, Place>;
  keys: ConfiguredKey[];
  /** Folder of the store. */
  folder?: string;
  /** Where operators are served; on a Unix socket unless it is said. */
  admin?: NonNullable<SignerConfig["admin"]>;
  /** What the rest of a configuration says when it is checked. */
  checkOthers?: () => void;
  /** Called with every backend as it is opened, before it is asked anything. */
  onOpen?: (backend: MemoryBackend) => void;
}

export function configuredKey(keyId: string, overrides: Partial<ConfiguredKey> = {}): ConfiguredKey {
  return {
    keyId,
    backend: "hsm",
    reference: keyId,
    network: NETWORK,
    accountId: "relay.near",
    initialState: "ACTIVE",
    ...overrides,
  };
}

/** One of the keys that a ring holds. */
export function heldKey(ring: KeyRing<World>, keyId: string): RingKey {
  const found = ring.all().find((key) => key.keyId === keyId);
  if (found === undefined) throw new Error(`the ring holds no key ${keyId}`);
  return found;
}

export interface AdminSigner {
  readonly client: Client<typeof SignerAdminService>;
  /** "unix:/…" or "https://…". */
  readonly address: string;
  readonly ring: KeyRing<World>;
  readonly health: BackendHealth;
  readonly keys: KeyOperations;
  readonly store: SignerStore;
  readonly registry: ReturnType<typeof createProcessRegistry>;
  /** The backends that were opened so far, oldest first. */
  readonly opened: MemoryBackend[];
  readonly adminKey: KeyObject;
  logged(): string;
  /** The audit's entries, oldest first. */
  audited(): Promise<{ kind: string; actor: string }[]>;
  /** Ends the wait before places that are away are tried again. */
  retryNow(): void;
  stop(): Promise<void>;
}

/** The admin half of a signer: a real store in SQLite and a real server on a Unix socket, over places in memory. */
export async function startAdmin(world: World): Promise<AdminSigner> {
  const folder = world.folder ?? temporaryDirectory();
  const now = () => new Date();
  const opened: MemoryBackend[] = [];
  let logged = "";
  const write = (line: string) => {
    logged += line;
  };
  const log = createLogger("signer", "debug", { write });
  const registry = createProcessRegistry();
  const events = createEvents(log, createMetrics(registry));
  const { engine } = await openStore(
    {
      url: new Secret(`sqlite:${join(folder, "store.db")}`),
      incarnationFile: null,
      synchronousStandby: false,
    },
    { now, newIncarnation: randomUUID, events: { restored: () => {}, witnessFailed: () => {} } },
  );
  const store = signerStoreOver(engine, { now });
  let wake = () => {};
  const wait = (_ms: number, signal: AbortSignal) =>
    Promise.race([
      new Promise<void>((resolve) => {
        wake = resolve;
      }),
      setTimeout(3_600_000, undefined, { signal, ref: false }),
    ]);
  const ring = await KeyRing.open<World>(
    {
      openBackends: async ({ places, onOpen }) =>
        Object.entries(places).map(([name, place]) => {
          const backend = new MemoryBackend(name, place);
          opened.push(backend);
          onOpen?.(backend);
          return backend;
        }),
      records: store.keyRecords,
      events,
      now: () => performance.now(),
      wait,
    },
    world,
  );
  const health = new BackendHealth({
    backends: () => ring.backends(),
    missing: () => ring.missing(),
    events,
    wait,
  });
  const keys = new KeyOperations({
    records: store.keyRecords,
    generate: (backend, names, actor, check) => ring.generate(backend, names, actor, check),
    hasPolicy: ({ keyId }) => keyId === "a",
    events,
  });
  const reloading = new Reloading<World>({
    readConfig: () => world,
    prepareKeys: (config) => ring.prepare(config),
    prepareOthers: ({ checkOthers }) => {
      checkOthers?.();
      return () => {};
    },
    audit: store.audit,
    events,
  });
  const admin = generateKeyPairSync("ed25519");
  const trust = { adminKeys: new Map([["ops", publicKeyOf(admin.privateKey).data]]), audience: AUDIENCE };
  const stopping = new AbortController();
  const journal = async () => ({ ...(await store.status()), incarnation: "i" });
  const server = await openAdmin({
    config: {
      admin: world.admin ?? { listen: { kind: "unix", path: join(folder, "admin.sock") }, identities: [] },
      network: { trusted_proxies: [] },
      audience: AUDIENCE,
    },
    context: {
      audience: AUDIENCE,
      keys,
      reload: (actor) => reloading.run(actor),
      backends: () => health.states(),
      journal,
      grants: store.adminGrants,
      locks: new LockKeyOperations({
        records: store.lockKeys,
        seals: () => LOCK_SEALS,
        random: randomBytes,
        events,
      }),
      verifyAdminGrant: (signed) => verifyAdminGrant(signed, trust, now()),
      events,
    },
    requestNonces: store.requestNonces,
    events,
    onRefused: events.requestRefused,
    now,
    log,
    stopping,
  });
  if (server === null) throw new Error("no admin address");
  registerGauges(registry, {
    keys: () => store.keyRecords.list(),
    backends: () => health.states(),
    masterSecrets: () => [],
    journal,
  });
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await server.drain(1_000);
    await ring.close();
    await store.close();
  };
  const stopOnce = () => {
    stopped ??= stop();
    return stopped;
  };
  onTestFinished(stopOnce);
  return {
    client: createClient(SignerAdminService, unixTransport(server.address)),
    address: server.address,
    ring,
    health,
    keys,
    store,
    registry,
    opened,
    adminKey: admin.privateKey,
    logged: () => logged,
    audited: () =>
      engine.read((db) =>
        db.selectFrom("audit_entries").select(["kind", "actor"]).orderBy("sequence").execute(),
      ),
    retryNow: () => wake(),
    stop: stopOnce,
  };
}
