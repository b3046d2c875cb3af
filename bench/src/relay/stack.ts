import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DevnetAdmin } from "./devnet-admin.ts";
import { freePorts } from "./free-port.ts";
import { type Running, run, start } from "./processes.ts";
import { makeTenant } from "./tenant.ts";
import { type PreSigned, RECEIVER } from "./wallets.ts";

export const NETWORK = "countersign-devnet";
/** Milliseconds between the devnet's blocks. */
export const BLOCK_TIME_MS = 100;
/** `lanes.window` of the relay: transactions of its one key that are sent and not yet seen in a block. */
export const LANE_WINDOW = 256;

const RELAYER = "relay.test";
const KEY_ID = "relayer-1";
const PASSPHRASE = { BENCH_PASSPHRASE: "the bench's keystore is thrown away" };
const ADMIN = { BENCH_ADMIN_KEY: randomBytes(32).toString("base64url") };
/** Bounds that the bench never reaches; each call is counted all the same. */
const FAST = { per_second: 100_000, burst: 1_000_000 };
const READY_TIMEOUT_MS = 30_000;
const BILLION_NEAR = `1${"0".repeat(33)}`;
const TEN_NEAR = `1${"0".repeat(25)}`;

/** Devnet, signer and relay, each in a process of its own. */
export interface Stack {
  readonly relayUrl: string;
  readonly operationsUrl: string;
  /** What calls present to the relay. */
  readonly apiKey: string;
  readonly admin: DevnetAdmin;
  readonly pids: { readonly relay: number; readonly signer: number; readonly devnet: number };
  /** Rejects when one of the three ends; never resolves. */
  readonly broken: Promise<never>;
  stop(): Promise<void>;
}

/** The relayer's key, made by the signer's command line. */
export interface Keystore {
  readonly file: string;
  readonly publicKey: string;
}

export async function makeKeystore(folder: string): Promise<Keystore> {
  const file = join(folder, "keystore.json");
  const where = ["keys", "generate", "--keystore", file, "--passphrase", "env:BENCH_PASSPHRASE"];
  const names = ["--key-id", KEY_ID, "--network", NETWORK, "--account", RELAYER, "--json"];
  const made = await run("signer-service/src/cli.ts", [...where, ...names], PASSPHRASE);
  return { file, publicKey: (JSON.parse(made) as { public_key: string }).public_key };
}

export interface StackOptions {
  /** For this stack's files alone. */
  readonly folder: string;
  readonly keystore: Keystore;
  readonly ledgerUrl: string;
  readonly wallets: readonly PreSigned[];
  readonly logLevel: string;
  /** Where the relay leaves a CPU profile when it ends. */
  readonly profileFolder: string | undefined;
}

/** Starts all three, waits until the relay is ready and makes a tenant. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const started: Running[] = [];
  const stop = async () => {
    for (const running of started.splice(0).reverse()) await running.stop();
  };
  try {
    const devnet = await startDevnet(options);
    started.push(devnet);
    const said = JSON.parse(await devnet.firstLine) as { rpc_urls: string[]; admin_url: string };
    const signer = await startSigner(options);
    started.push(signer);
    const [publicPort = 0, operationsPort = 0] = await freePorts(2);
    const relay = await startRelay(options, said.rpc_urls, publicPort, operationsPort);
    started.push(relay);
    const operationsUrl = `http://127.0.0.1:${operationsPort}`;
    const broken = Promise.race(started.map(({ ended }) => ended));
    broken.catch(() => undefined);
    await Promise.race([untilReady(operationsUrl), broken]);
    const operator = { url: `unix:${adminSocket(options.folder)}`, key: ADMIN.BENCH_ADMIN_KEY };
    const apiKey = await makeTenant(operator, options.folder);
    return {
      relayUrl: `http://127.0.0.1:${publicPort}`,
      operationsUrl,
      apiKey,
      admin: new DevnetAdmin(said.admin_url),
      pids: { relay: relay.pid, signer: signer.pid, devnet: devnet.pid },
      broken,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startDevnet({ folder, keystore, wallets }: StackOptions): Promise<Running> {
  const genesis = {
    accounts: [
      { id: RELAYER, balance: BILLION_NEAR, keys: [keystore.publicKey] },
      { id: RECEIVER, balance: TEN_NEAR },
      ...wallets.map(({ accountId, publicKey }) => ({ id: accountId, balance: TEN_NEAR, keys: [publicKey] })),
    ],
  };
  const file = join(folder, "genesis.json");
  await writeFile(file, JSON.stringify(genesis));
  const args = ["--network", NETWORK, "--genesis", file, "--block-time-ms", String(BLOCK_TIME_MS)];
  return start("devnet/src/main.ts", args, { logFile: join(folder, "devnet.log") });
}

const signerSocket = (folder: string) => join(folder, "signer.sock");
const adminSocket = (folder: string) => join(folder, "admin.sock");

async function startSigner({ folder, keystore, logLevel }: StackOptions): Promise<Running> {
  // JSON is YAML.
  const config = {
    listen: { unix: signerSocket(folder) },
    keystore: { file: keystore.file, passphrase: "env:BENCH_PASSPHRASE" },
    log: { level: logLevel },
  };
  const file = join(folder, "signer.yaml");
  await writeFile(file, JSON.stringify(config));
  return start("signer-service/src/cli.ts", ["run", "--config", file], {
    logFile: join(folder, "signer.log"),
    env: PASSPHRASE,
  });
}

async function startRelay(
  { folder, ledgerUrl, logLevel, profileFolder }: StackOptions,
  rpcUrls: readonly string[],
  publicPort: number,
  operationsPort: number,
): Promise<Running> {
  const config = {
    network: NETWORK,
    listen: { port: publicPort },
    operations: { port: operationsPort },
    admin: {
      listen: { unix: adminSocket(folder) },
      keys: [{ name: "bench", role: "admin", secret: "env:BENCH_ADMIN_KEY" }],
    },
    rates: { ip: FAST, failed_auth: FAST, tenant: FAST, key: FAST, user: FAST, method: FAST },
    ledger: { url: "env:BENCH_LEDGER_URL" },
    signer: { url: `unix:${signerSocket(folder)}` },
    near: { endpoints: rpcUrls.map((url) => ({ url })) },
    relayers: [{ account_id: RELAYER, key_ids: [KEY_ID] }],
    delegates: { max_deposit: "1", max_blocks_ahead: 1_000_000 },
    limits: { max_open_submissions: 1_000_000 },
    lanes: { window: LANE_WINDOW },
    log: { level: logLevel },
  };
  const file = join(folder, "relay.yaml");
  await writeFile(file, JSON.stringify(config));
  return start("server/src/cli.ts", ["relay", "--config", file], {
    logFile: join(folder, "relay.log"),
    env: { ...ADMIN, BENCH_LEDGER_URL: ledgerUrl },
    nodeArgs: profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`],
  });
}

async function untilReady(operationsUrl: string): Promise<void> {
  const until = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < until) {
    const response = await fetch(`${operationsUrl}/readyz`).catch(() => undefined);
    if (response?.ok) return;
    await delay(100);
  }
  throw new Error(`the relay is not ready after ${READY_TIMEOUT_MS} ms`);
}
