import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startDevnet } from "@countersign/devnet";
import { SECRETS_ENV, thresholdSettings } from "../../signer/threshold/support/threshold-signer.ts";
import { COMPILE_CACHE } from "../../support/compile-cache.ts";
import { inOneFile } from "../../support/one-file.ts";
import { createDatabase, type TestDatabase } from "../../support/postgres.ts";
import { type SignerSettings, signerSettings } from "../../support/signer-settings.ts";
import { NETWORK, relayFlags } from "../../support/test-relay.ts";
import { seedTenants } from "../../support/test-tenant.ts";
import type { RelayPlan, SignerPlan } from "./attack-plan.ts";
import { WALLET_TENANTS } from "./wallet-tenants.ts";

export type AttackStore = "SQLite" | "PostgreSQL, two relays and signers";

/** A relay and the signer that it calls. */
interface AttackSite {
  readonly relay: RelayPlan;
  readonly signer: SignerPlan;
}

/** What signers in processes of their own are started with, and their database. */
export interface SignerGround {
  /** One for each signer. */
  readonly plans: readonly SignerPlan[];
  readonly program: URL;
  readonly env: NodeJS.ProcessEnv;
  /** As `storedRuns` takes it: opened with the sealing key of `SECRETS_ENV`. */
  readonly signerStore: string;
  remove(): Promise<void>;
}

/** The same with relays before them. */
export interface AttackGround {
  readonly sites: readonly AttackSite[];
  readonly programs: { readonly relay: URL; readonly signer: URL };
  readonly env: NodeJS.ProcessEnv;
  readonly signerStore: string;
  remove(): Promise<void>;
}

export interface SignerGroundOptions {
  /** A `RoundsKind`, or what else the program knows; default: "real". */
  readonly rounds?: string;
  /** The signers' program; default: Ed25519's. */
  readonly program?: URL;
  /** The signers' section `threshold`, whose secrets are those of `SECRETS_ENV`; default: Ed25519's. */
  readonly threshold?: SignerSettings;
}

const RELAY = new URL("faulty-relay.ts", import.meta.url);
const SIGNER = new URL("faulty-threshold-signer.ts", import.meta.url);
const MASTER_SECRETS = [{ network: NETWORK, epoch: 1, secret: "env:MASTER_1" }];

export async function createSignerGround(
  store: AttackStore,
  options: SignerGroundOptions = {},
): Promise<SignerGround> {
  const { rounds = "real", program = SIGNER } = options;
  const threshold = options.threshold ?? thresholdSettings({ master_secrets: MASTER_SECRETS });
  const folder = mkdtempSync(join(tmpdir(), "attack-"));
  const isShared = store !== "SQLite";
  const database = isShared ? await createDatabase() : undefined;
  const url = database === undefined ? `sqlite:${join(folder, "signer.db")}` : "env:DATABASE_URL";
  const plans = (isShared ? ["1", "2"] : ["1"]).map((name): SignerPlan => {
    const own = join(folder, name);
    mkdirSync(own, { mode: 0o700 });
    const config = join(own, "signer.yaml");
    const backends = [{ type: "keystore", name: "keystore", file: "unused", passphrase: "env:UNUSED" }];
    const settings = { backends, policies: {}, store: { url }, threshold, log: { level: "silent" } };
    writeFileSync(config, JSON.stringify(signerSettings(own, settings)));
    return { config, rounds };
  });
  return {
    plans,
    program: await inOneFile(program),
    env: {
      ...process.env,
      ...COMPILE_CACHE,
      ...SECRETS_ENV,
      UNUSED: "unused",
      ...(database && { DATABASE_URL: database.url }),
    },
    signerStore: database?.url ?? join(folder, "signer.db"),
    async remove() {
      await database?.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function createAttackGround(
  store: AttackStore,
  options: SignerGroundOptions = {},
): Promise<AttackGround> {
  const signers = await createSignerGround(store, options);
  const folder = mkdtempSync(join(tmpdir(), "attack-"));
  const ledger: TestDatabase | undefined = store === "SQLite" ? undefined : await createDatabase();
  const devnet = await startDevnet({ blockTimeMs: 0 });
  const ledgerUrl = ledger?.url ?? `sqlite:${join(folder, "relay.db")}`;
  await seedTenants(ledgerUrl, WALLET_TENANTS);
  const sessionKey = join(folder, "session-key");
  writeFileSync(sessionKey, randomBytes(32).toString("hex"), { mode: 0o600 });
  const session = JSON.stringify({
    issuer: "https://relay.example",
    signing_keys: [{ id: "k1", seed: `file:${sessionKey}` }],
  });
  const sites = signers.plans.map((signer, i): AttackSite => {
    const own = join(folder, `${i}`);
    mkdirSync(own, { mode: 0o700 });
    const flags = relayFlags(own, devnet, join(dirname(signer.config), "s"), {
      ledgerUrl,
      settings: { "threshold.enabled": "true", session, "log.level": "silent" },
    });
    return { relay: { flags }, signer };
  });
  return {
    sites,
    programs: { relay: await inOneFile(RELAY), signer: signers.program },
    env: signers.env,
    signerStore: signers.signerStore,
    async remove() {
      await devnet.stop();
      await ledger?.drop();
      rmSync(folder, { recursive: true, force: true });
      await signers.remove();
    },
  };
}
