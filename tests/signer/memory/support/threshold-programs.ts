import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startDevnet } from "@countersign/devnet";
import { onTestFinished } from "vitest";
import { openPolicy, type SignerSettings, signerSettings } from "../../../support/signer-settings.ts";
import { NETWORK, RELAYER, UNBOUNDED_RATES } from "../../../support/test-relay.ts";
import { seedTenants } from "../../../support/test-tenant.ts";
import { WALLET_TENANTS } from "../../../threshold-attacks/support/wallet-tenants.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { KEY_ID, keystoreCustody } from "./custody.ts";
import type { Needles } from "./needles.ts";
import { scanMemory } from "./process-memory.ts";
import { type Program, startProgram } from "./program.ts";

/** A signer and a relay in processes of their own, and the secrets that they were started with. */
export interface ThresholdPrograms {
  readonly signer: Program;
  readonly relay: Program;
  /** Folder of the signer's store. */
  readonly folder: string;
  readonly master: Buffer;
  readonly sealing: Buffer;
  /** The relay's own: of its app tokens. */
  readonly tokenKey: Buffer;
}

/** Starts them until the test ends. `sectionOf` makes the section `threshold` of references to its two secrets. */
export async function startThresholdPrograms(
  sectionOf: (references: { readonly sealing: string; readonly master: string }) => SignerSettings,
): Promise<ThresholdPrograms> {
  const folder = temporaryDirectory();
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const reference = (name: string, secret: Buffer) => `file:${file(name, secret.toString("hex"))}`;
  const [master, sealing, tokenKey] = [randomBytes(32), randomBytes(32), randomBytes(32)];
  const custody = await keystoreCustody();
  const settings = {
    ...custody.settings,
    policies: { [KEY_ID]: openPolicy(NETWORK, RELAYER) },
    threshold: sectionOf({ sealing: reference("sealing", sealing), master: reference("master", master) }),
    log: { level: "trace" },
  };
  const signerConfig = file("signer.yaml", JSON.stringify(signerSettings(folder, settings)));
  const signer = await startProgram("signer-service/src/cli.ts", ["run", "--config", signerConfig], {
    env: custody.env,
    isReady: (line) => line.msg === "listening",
  });

  const devnet = await startDevnet({ blockTimeMs: 0 });
  onTestFinished(() => devnet.stop());
  const ledgerUrl = `sqlite:${join(folder, "relay.db")}`;
  await seedTenants(ledgerUrl, WALLET_TENANTS);
  const relaySettings = {
    network: NETWORK,
    listen: { port: 0 },
    operations: { port: 0 },
    ledger: { url: ledgerUrl },
    signer: { url: `unix:${folder}/s` },
    near: { endpoints: devnet.rpcUrls.map((url) => ({ url })) },
    relayers: [{ account_id: RELAYER, key_ids: [KEY_ID] }],
    delegates: { max_deposit: "1" },
    threshold: { enabled: true },
    session: { issuer: "https://relay.example", signing_keys: [{ id: "k1", seed: "env:TOKEN_KEY" }] },
    rates: UNBOUNDED_RATES,
    log: { level: "trace" },
  };
  const relayConfig = file("relay.yaml", JSON.stringify(relaySettings));
  const relay = await startProgram("server/src/cli.ts", ["relay", "--config", relayConfig], {
    env: { TOKEN_KEY: tokenKey.toString("hex") },
    isReady: (line) => line.msg === "relay serves",
  });
  return { folder, signer, relay, master, sealing, tokenKey };
}

/** The names of what the program's memory holds. */
export async function foundIn({ pid }: Program, needles: Needles): Promise<string[]> {
  return [...(await scanMemory(pid, needles)).found];
}
