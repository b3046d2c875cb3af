import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Devnet, startDevnet } from "@countersign/devnet";
import { type App, createApp } from "@countersign/server/app.ts";
import { loadRelayConfig } from "@countersign/server/config/config.ts";
import { createLogger } from "@countersign/service-kit";
import { onTestFinished } from "vitest";
import { sessionSettings } from "../../session/support/session-relay.ts";
import { temporaryDirectory } from "../../signer/support/temporary-directory.ts";
import {
  startThresholdSigner,
  type ThresholdSigner,
  thresholdSettings,
} from "../../signer/threshold/support/threshold-signer.ts";
import { NETWORK, relayFlags } from "../../support/test-relay.ts";
import { seedTenants } from "../../support/test-tenant.ts";
import { startBalancer } from "./balancer.ts";
import { createSignerDatabase } from "./signer-database.ts";
import { WALLET_TENANTS } from "./wallet-tenants.ts";

/** A relay in this process. It calls the signer of its own place in the world. */
interface AttackedRelay {
  /** Of its public port; another one after a restart. */
  readonly address: string;
  /** Its calls go to the signer of another place from now on. */
  useSigner(place: number): Promise<void>;
  logged(): string;
  stop(): Promise<void>;
  start(): Promise<void>;
  restart(): Promise<void>;
}

/** A signer in this process. */
interface AttackedSigner {
  readonly signer: ThresholdSigner;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export interface AttackWorld {
  readonly relays: readonly AttackedRelay[];
  readonly signers: readonly AttackedSigner[];
  /** The signers' database: a SQLite file, or "postgres://…". */
  readonly signerStore: string;
  /** The relays', likewise. */
  readonly relayStore: string;
}

export interface AttackWorldOptions {
  /** Relays and signers: two share databases on PostgreSQL. */
  readonly pairs?: 1 | 2;
  /** Of one relay and signer; default: SQLite. */
  readonly store?: "SQLite" | "PostgreSQL";
  /** More of the signers' section `threshold`. */
  readonly threshold?: object;
  /** The relays' section `session`. */
  readonly session?: object;
  /** The signers' clock; default: the real one. */
  readonly now?: () => Date;
  /** The signers' clock. */
  readonly signerNow?: () => Date;
}

/** Relays and signers as they run. They stop with the test. */
export async function startAttackWorld(options: AttackWorldOptions = {}): Promise<AttackWorld> {
  const { pairs = 1, store = "SQLite" } = options;
  const stores = pairs === 1 && store === "SQLite" ? sqliteStores() : await postgresStores();
  const devnet = await startDevnet({ blockTimeMs: 0 });
  onTestFinished(() => devnet.stop());
  await seedTenants(stores.ledgerUrl, WALLET_TENANTS);
  const session = await sessionSettings(options.session);
  const places = Array.from({ length: pairs }, (_, i) => i);
  const signers = await Promise.all(places.map(() => startSigner(stores.signerUrl, options)));
  const relays = await Promise.all(
    places.map((place) => startRelay(devnet, signers, place, { ledgerUrl: stores.ledgerUrl, session })),
  );
  const { signerStore, relayStore } = stores;
  return { relays, signers, signerStore, relayStore };
}

function sqliteStores() {
  const folder = temporaryDirectory();
  const [signerStore, relayStore] = [join(folder, "signer.db"), join(folder, "relay.db")];
  return {
    ledgerUrl: `sqlite:${relayStore}`,
    signerUrl: `sqlite:${signerStore}`,
    signerStore,
    relayStore,
  };
}

async function postgresStores() {
  const [ledger, store] = await Promise.all([createSignerDatabase(), createSignerDatabase()]);
  onTestFinished(async () => void (await Promise.all([ledger.drop(), store.drop()])));
  const file = join(temporaryDirectory(), "url");
  writeFileSync(file, store.url, { mode: 0o600 });
  return {
    ledgerUrl: ledger.url,
    signerUrl: `file:${file}`,
    signerStore: store.url,
    relayStore: ledger.url,
  };
}

async function startSigner(
  url: string,
  { threshold: more, signerNow: now }: AttackWorldOptions,
): Promise<AttackedSigner> {
  const master_secrets = [{ network: NETWORK, epoch: 1, secret: "env:MASTER_1" }];
  const threshold = thresholdSettings({ master_secrets, ...more });
  const overrides = now === undefined ? {} : { now };
  const open = () => startThresholdSigner({ threshold, settings: { store: { url } }, overrides });
  let signer = await open();
  return {
    get signer() {
      return signer;
    },
    stop: () => signer.drain(),
    start: async () => {
      signer = await open();
    },
  };
}

async function startRelay(
  devnet: Devnet,
  signers: readonly AttackedSigner[],
  place: number,
  { ledgerUrl, session }: { readonly ledgerUrl: string; readonly session: string },
): Promise<AttackedRelay> {
  const socketOf = (at: number) => () => signers[at]?.signer.address.slice("unix:".length) ?? "";
  const balancer = await startBalancer(socketOf(place));
  let logged = "";
  const log = createLogger("relay", "trace", {
    write: (line) => {
      logged += line;
    },
  });
  const settings = { "threshold.enabled": "true", session };
  const folder = temporaryDirectory();
  const open = () => {
    const flags = relayFlags(folder, devnet, balancer.path, { ledgerUrl, settings });
    return createApp(loadRelayConfig({ env: {}, flags }).config, { log });
  };
  let app: App = await open();
  onTestFinished(() => app.stop());
  return {
    get address() {
      return app.address;
    },
    useSigner: (at) => balancer.turnTo(socketOf(at)),
    logged: () => logged,
    stop: () => app.stop(),
    async start() {
      app = await open();
    },
    async restart() {
      await app.stop();
      app = await open();
    },
  };
}
