import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { baseDecode, KeyPair } from "near-api-js";
import type { AdminAccess } from "./operator.ts";
import { type Running, run, start } from "./processes.ts";
import { type Custody, type Sections, SIGNER_NAMES, startSigner } from "./signer.ts";

export const NETWORK = "countersign-devnet";
export const RELAYER = "relay.test";

/** The demo's three processes. */
export interface Stack {
  readonly relayUrl: string;
  readonly operationsUrl: string;
  readonly admin: AdminAccess;
  readonly rpcUrl: string;
  readonly network: string;
  readonly relayer: string;
  /** The signer's admin address. */
  readonly signerAdmin: string;
  stop(): Promise<void>;
}

/** What signer and relay do besides relaying. */
export interface StackMore {
  readonly signer?: Sections;
  readonly relay?: Sections;
}

/**
 * Starts a signer with a fresh key and mutual TLS, a devnet, and a relay, each in a process of its own, with all of
 * their files in `folder`.
 */
export async function startStack(folder: string, custody: Custody, more: StackMore = {}): Promise<Stack> {
  const file = (name: string) => join(folder, name);
  await run("scripts/dev-certs.ts", [file("certs")]);
  const secrets = relaySecrets();
  const started: Running[] = [];
  const stop = async () => {
    for (const running of started.splice(0).reverse()) await running.stop();
  };
  try {
    const names = { network: NETWORK, relayer: RELAYER };
    const relay = { requestSecret: secrets.env.DEMO_REQUEST_SECRET, grantPublicKey: secrets.grantPublicKey };
    const signer = await startSigner({ custody, folder, relay, more: more.signer, ...names });
    started.push(signer.running);
    const devnet = await startDevnet(file, signer.publicKey);
    started.push(devnet);
    const [rpcUrl = ""] = devnet.ready.rpc_urls as string[];
    await signer.open(rpcUrl);
    const env = { ...secrets.env, ...more.relay?.env };
    const signerUrl = String(signer.running.ready.address);
    const serving = await startRelay({ file, rpcUrl, signerUrl, env, more: more.relay?.config });
    started.push(serving);
    return {
      relayUrl: String(serving.ready.address),
      operationsUrl: String(serving.ready.operations),
      admin: {
        url: `unix:${file("admin.sock")}`,
        key: secrets.env.DEMO_ADMIN_KEY,
        auditPublicKey: secrets.auditPublicKey,
      },
      rpcUrl,
      network: NETWORK,
      relayer: RELAYER,
      signerAdmin: signer.admin,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Fresh secrets of the relay, which reads them from its environment. */
function relaySecrets() {
  const [audit, grants] = [ed25519(), ed25519()];
  return {
    auditPublicKey: audit.publicKey,
    grantPublicKey: grants.publicKey,
    env: {
      DEMO_ADMIN_KEY: randomBytes(32).toString("base64url"),
      DEMO_API_KEY_PEPPER: randomBytes(32).toString("base64url"),
      DEMO_AUDIT_SEED: audit.seed,
      DEMO_GRANT_SEED: grants.seed,
      DEMO_REQUEST_SECRET: randomBytes(32).toString("base64url"),
    },
  };
}

/** A fresh key: its seed in hex, and its public half in NEAR's text. */
function ed25519(): { seed: string; publicKey: string } {
  const pair = KeyPair.fromRandom("ed25519");
  // The text is "ed25519:" and the base58 of the seed and the public key.
  const seed = baseDecode(pair.toString().replace("ed25519:", "")).subarray(0, 32);
  return { seed: Buffer.from(seed).toString("hex"), publicKey: pair.getPublicKey().toString() };
}

type FileNamed = (name: string) => string;

async function startDevnet(file: FileNamed, publicKey: string): Promise<Running> {
  const thousandNear = "1000000000000000000000000000";
  const accounts = [
    { id: RELAYER, balance: thousandNear, keys: [publicKey] },
    { id: "guest-book.test", balance: thousandNear, contract: "guest-book" },
  ];
  await writeFile(file("genesis.json"), JSON.stringify({ accounts }));
  return start(
    "devnet/src/main.ts",
    ["--network", NETWORK, "--genesis", file("genesis.json"), "--block-time-ms", "500", "--endpoints", "1"],
    { logFile: file("devnet.log"), isReady: (line) => "rpc_urls" in line },
  );
}

async function startRelay({
  file,
  rpcUrl,
  signerUrl,
  env,
  more,
}: {
  readonly file: FileNamed;
  readonly rpcUrl: string;
  readonly signerUrl: string;
  readonly env: Record<string, string>;
  readonly more: object | undefined;
}): Promise<Running> {
  const certs = {
    ca_file: file("certs/ca.pem"),
    cert_file: file("certs/client.pem"),
    key_file: file("certs/client.key"),
  };
  const { audience, service, requestKeyId, grantKeyId } = SIGNER_NAMES;
  const near = (amount: string) => `${amount}000000000000000000000`;
  const config = {
    network: NETWORK,
    listen: { port: 0 },
    operations: { port: 0 },
    admin: {
      listen: { unix: file("admin.sock") },
      keys: [{ name: "operator", role: "admin", secret: "env:DEMO_ADMIN_KEY" }],
    },
    auth: { api_key_peppers: ["env:DEMO_API_KEY_PEPPER"] },
    audit: { signing_seed: "env:DEMO_AUDIT_SEED" },
    ledger: { url: `sqlite:${file("relay.db")}` },
    signer: {
      url: signerUrl,
      tls: certs,
      audience,
      signed_requests: { service, key_id: requestKeyId, secret: "env:DEMO_REQUEST_SECRET" },
      grants: { key_id: grantKeyId, seed: "env:DEMO_GRANT_SEED" },
    },
    near: { endpoints: [{ url: rpcUrl }] },
    relayers: [{ account_id: RELAYER, key_ids: ["relayer-1"] }],
    delegates: { max_deposit: near("1000") },
    account_creation: {
      mode: "sub_account",
      suffixes: [`.${RELAYER}`],
      initial_balance: { min: near("10"), max: near("1000"), default: near("100") },
    },
    ...more,
  };
  await writeFile(file("relay.yaml"), JSON.stringify(config, undefined, 2));
  return start("server/src/cli.ts", ["relay", "--config", file("relay.yaml")], {
    env,
    logFile: file("relay.log"),
    isReady: (line) => line.msg === "relay serves",
  });
}
