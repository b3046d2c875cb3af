import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDevnet } from "@countersign/devnet";
import { thresholdSettings } from "../../signer/threshold/support/threshold-signer.ts";
import { createDatabase } from "../../support/postgres.ts";
import { signerSettings } from "../../support/signer-settings.ts";
import { NETWORK, relayFlags } from "../../support/test-relay.ts";
import { seedTenants } from "../../support/test-tenant.ts";
import type { RelayPlan, RoundsKind, SignerPlan } from "./attack-plan.ts";
import { WALLET_TENANTS } from "./wallet-tenants.ts";

export type AttackStore = "SQLite" | "PostgreSQL, two relays and signers";

/** A relay and the signer that it calls. */
interface AttackSite {
  readonly relay: RelayPlan;
  readonly signer: SignerPlan;
}

/** What relays and signers in processes of their own are started with, and their databases. */
export interface AttackGround {
  readonly sites: readonly AttackSite[];
  readonly env: NodeJS.ProcessEnv;
  /** As `storedRuns` takes it. */
  readonly signerStore: string;
  readonly sealingKey: string;
  remove(): Promise<void>;
}

/** Of all grounds of this process at once: without it, each start compiles everything anew. */
const COMPILE_CACHE = join(tmpdir(), `attack-cache-${randomUUID()}`);
let grounds = 0;

export async function createAttackGround(store: AttackStore, rounds: RoundsKind): Promise<AttackGround> {
  grounds += 1;
  const folder = mkdtempSync(join(tmpdir(), "attack-"));
  const secret = (name: string) => {
    writeFileSync(join(folder, name), randomBytes(32).toString("hex"), { mode: 0o600 });
    return `file:${join(folder, name)}`;
  };
  const isShared = store !== "SQLite";
  const [ledger, database] = isShared ? await Promise.all([createDatabase(), createDatabase()]) : [];
  const devnet = await startDevnet({ blockTimeMs: 0 });
  const ledgerUrl = ledger?.url ?? `sqlite:${join(folder, "relay.db")}`;
  await seedTenants(ledgerUrl, WALLET_TENANTS);
  const session = JSON.stringify({
    issuer: "https://relay.example",
    signing_keys: [{ id: "k1", seed: secret("session-key") }],
  });
  const threshold = thresholdSettings({
    master_secrets: [{ network: NETWORK, epoch: 1, secret: "env:MASTER" }],
  });
  const sealingKey = randomBytes(32).toString("hex");
  const sites = (isShared ? ["1", "2"] : ["1"]).map((name): AttackSite => {
    const own = join(folder, name);
    mkdirSync(own, { mode: 0o700 });
    const config = join(own, "signer.yaml");
    const backends = [{ type: "keystore", name: "keystore", file: "unused", passphrase: "env:UNUSED" }];
    const store = {
      url: database === undefined ? `sqlite:${join(folder, "signer.db")}` : "env:DATABASE_URL",
    };
    const settings = { backends, policies: {}, store, threshold, log: { level: "silent" } };
    writeFileSync(config, JSON.stringify(signerSettings(own, settings)));
    const flags = relayFlags(own, devnet, join(own, "s"), {
      ledgerUrl,
      settings: { "threshold.enabled": "true", session, "log.level": "silent" },
    });
    return { relay: { flags }, signer: { config, rounds } };
  });
  return {
    sites,
    env: {
      ...process.env,
      UNUSED: "unused",
      SEALING_KEY: sealingKey,
      MASTER: randomBytes(32).toString("hex"),
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...(database && { DATABASE_URL: database.url }),
    },
    signerStore: database?.url ?? join(folder, "signer.db"),
    sealingKey,
    async remove() {
      await devnet.stop();
      await Promise.all([ledger?.drop(), database?.drop()]);
      rmSync(folder, { recursive: true, force: true });
      grounds -= 1;
      if (grounds === 0) rmSync(COMPILE_CACHE, { recursive: true, force: true });
    },
  };
}
