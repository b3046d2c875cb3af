import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Operator } from "../operator.ts";
import { type Running, run, start } from "../processes.ts";
import { secret } from "./secrets.ts";
import type { WalletTenant } from "./wallet-tenant.ts";

/** A second relay, which is for locks alone, with a signer of its own. */
export interface LockRelay {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts both in a folder of their own, makes a lock key, and lets the wallet's tenant in. */
export async function startLockRelay(folder: string, tenant: WalletTenant): Promise<LockRelay> {
  await mkdir(folder);
  const file = (name: string) => join(folder, name);
  const started: Running[] = [];
  const stop = async () => {
    for (const running of started.splice(0).reverse()) await running.stop();
  };
  try {
    started.push(await startSigner(file));
    const admin = `unix:${file("signer-admin.sock")}`;
    await run("signer-service/src/cli.ts", ["lock", "rotate", "--admin", admin, "--replaces", "none"]);
    const adminKey = secret();
    const relay = await startRelay(file, tenant.origin, adminKey);
    started.push(relay);
    const access = { url: `unix:${file("admin.sock")}`, key: adminKey, auditPublicKey: "" };
    await tenant.letIn(new Operator(access, folder));
    return { url: String(relay.ready.address), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** It has lock keys and nothing that signs. */
async function startSigner(file: (name: string) => string): Promise<Running> {
  const config = {
    audience: "demo-lock-signer",
    listen: { unix: file("signer.sock") },
    admin: { listen: { unix: file("signer-admin.sock") } },
    operations: { port: 0 },
    store: { url: `sqlite:${file("signer.db")}` },
    // It has no keys that a grant could be for.
    grants: { required: false },
    lock: { sealing_keys: ["env:DEMO_LOCK_SEALING_KEY"] },
  };
  await writeFile(file("signer.yaml"), JSON.stringify(config, undefined, 2));
  return start("signer-service/src/cli.ts", ["run", "--config", file("signer.yaml")], {
    env: { DEMO_LOCK_SEALING_KEY: secret() },
    logFile: file("signer.log"),
    isReady: (line) => line.msg === "listening",
  });
}

async function startRelay(
  file: (name: string) => string,
  origin: string,
  adminKey: string,
): Promise<Running> {
  const config = {
    listen: { port: 0 },
    operations: { port: 0 },
    admin: {
      listen: { unix: file("admin.sock") },
      keys: [{ name: "operator", role: "admin", secret: "env:DEMO_ADMIN_KEY" }],
    },
    auth: { api_key_peppers: ["env:DEMO_API_KEY_PEPPER"] },
    audit: { signing_seed: "env:DEMO_AUDIT_SEED" },
    cors: { origins: [origin] },
    ledger: { url: `sqlite:${file("relay.db")}` },
    signer: { url: `unix:${file("signer.sock")}`, audience: "demo-lock-signer" },
  };
  await writeFile(file("relay.yaml"), JSON.stringify(config, undefined, 2));
  return start("server/src/cli.ts", ["relay", "--lock-only", "--config", file("relay.yaml")], {
    env: { DEMO_ADMIN_KEY: adminKey, DEMO_API_KEY_PEPPER: secret(), DEMO_AUDIT_SEED: secret() },
    logFile: file("relay.log"),
    isReady: (line) => line.msg === "relay serves",
  });
}
