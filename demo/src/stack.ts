import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { baseDecode, KeyPair } from "near-api-js";
import type { AdminAccess } from "./operator.ts";
import { type Running, run, start } from "./processes.ts";

const NETWORK = "countersign-devnet";
const RELAYER = "relay.test";
const PASSPHRASE = "the demo's keystore is thrown away";

/** The demo's three processes. */
export interface Stack {
  readonly relayUrl: string;
  readonly operationsUrl: string;
  readonly admin: AdminAccess;
  readonly rpcUrl: string;
  readonly network: string;
  readonly relayer: string;
  stop(): Promise<void>;
}

/**
 * Starts a devnet, a signer with a fresh key and mutual TLS, and a relay, each in a process of its own, with
 * all of their files in `folder`.
 */
export async function startStack(folder: string): Promise<Stack> {
  const file = (name: string) => join(folder, name);
  const env = { DEMO_PASSPHRASE: PASSPHRASE };
  const publicKey = await makeRelayerKey(file("keystore.json"), env);
  await run("scripts/dev-certs.ts", [file("certs")]);
  const started: Running[] = [];
  const stop = async () => {
    for (const running of started.splice(0).reverse()) await running.stop();
  };
  try {
    const devnet = await startDevnet(file, publicKey);
    started.push(devnet);
    const [rpcUrl] = devnet.ready.rpc_urls as string[];
    const signer = await startSigner(file, env);
    started.push(signer);
    const secrets = relaySecrets();
    const relay = await startRelay(file, rpcUrl ?? "", String(signer.ready.address), secrets.env);
    started.push(relay);
    return {
      relayUrl: String(relay.ready.address),
      operationsUrl: String(relay.ready.operations),
      admin: {
        url: `unix:${file("admin.sock")}`,
        key: secrets.env.DEMO_ADMIN_KEY,
        auditPublicKey: secrets.auditPublicKey,
      },
      rpcUrl: rpcUrl ?? "",
      network: NETWORK,
      relayer: RELAYER,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeRelayerKey(keystore: string, env: Record<string, string>): Promise<string> {
  const args = ["keys", "generate", "--keystore", keystore, "--passphrase", "env:DEMO_PASSPHRASE"];
  const names = ["--key-id", "relayer-1", "--network", NETWORK, "--account", RELAYER, "--json"];
  const made = JSON.parse(await run("signer-service/src/cli.ts", [...args, ...names], env)) as {
    public_key: string;
  };
  return made.public_key;
}

/** Fresh secrets of the relay, which reads them from its environment. */
function relaySecrets() {
  const audit = KeyPair.fromRandom("ed25519");
  // The text is "ed25519:" and the base58 of the seed and the public key.
  const seed = baseDecode(audit.toString().replace("ed25519:", "")).subarray(0, 32);
  return {
    auditPublicKey: audit.getPublicKey().toString(),
    env: {
      DEMO_ADMIN_KEY: randomBytes(32).toString("base64url"),
      DEMO_API_KEY_PEPPER: randomBytes(32).toString("base64url"),
      DEMO_AUDIT_SEED: Buffer.from(seed).toString("hex"),
    },
  };
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

async function startSigner(file: FileNamed, env: Record<string, string>): Promise<Running> {
  const certs = {
    ca_file: file("certs/ca.pem"),
    cert_file: file("certs/server.pem"),
    key_file: file("certs/server.key"),
  };
  // JSON is YAML.
  const config = {
    listen: { host: "127.0.0.1", port: 0, tls: certs },
    keystore: { file: file("keystore.json"), passphrase: "env:DEMO_PASSPHRASE" },
  };
  await writeFile(file("signer.yaml"), JSON.stringify(config, undefined, 2));
  return start("signer-service/src/cli.ts", ["run", "--config", file("signer.yaml")], {
    env,
    logFile: file("signer.log"),
    isReady: (line) => line.msg === "listening",
  });
}

async function startRelay(
  file: FileNamed,
  rpcUrl: string,
  signerUrl: string,
  env: Record<string, string>,
): Promise<Running> {
  const certs = {
    ca_file: file("certs/ca.pem"),
    cert_file: file("certs/client.pem"),
    key_file: file("certs/client.key"),
  };
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
    signer: { url: signerUrl, tls: certs },
    near: { endpoints: [{ url: rpcUrl }] },
    relayers: [{ account_id: RELAYER, key_ids: ["relayer-1"] }],
    delegates: { max_deposit: near("1000") },
    account_creation: {
      mode: "sub_account",
      suffixes: [`.${RELAYER}`],
      initial_balance: { min: near("10"), max: near("1000"), default: near("100") },
    },
  };
  await writeFile(file("relay.yaml"), JSON.stringify(config, undefined, 2));
  return start("server/src/cli.ts", ["relay", "--config", file("relay.yaml")], {
    env,
    logFile: file("relay.log"),
    isReady: (line) => line.msg === "relay serves",
  });
}
