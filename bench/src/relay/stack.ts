import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePorts } from "../shared/free-port.ts";
import { type Keystore, NETWORK, RELAYER } from "../shared/keystore.ts";
import { type Running, start } from "../shared/processes.ts";
import { makeGrantKey } from "../signer/grants.ts";
import { AUDIENCE, GRANT_KEY_ID, startSigner } from "../signer/signer-process.ts";
import type { DevnetAdmin } from "./devnet-admin.ts";
import { type BenchDevnet, BILLION_NEAR, startDevnet, startMockChain } from "./devnet-process.ts";
import type { ChainKind } from "./options.ts";
import { makeTenant, type TenantWallets } from "./tenant.ts";
import { type PreSigned, RECEIVER } from "./wallets.ts";

export const LANE_WINDOW = 256;

const ADMIN = { BENCH_ADMIN_KEY: randomBytes(32).toString("base64url") };
/** Bounds that the bench never reaches; each call is counted all the same. */
const FAST = { per_second: 100_000, burst: 1_000_000 };
const READY_TIMEOUT_MS = 30_000;

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

export interface StackOptions {
  /** For this stack's files alone. */
  readonly folder: string;
  readonly keystore: Keystore;
  readonly ledgerUrl: string;
  readonly wallets: readonly PreSigned[];
  /** How many of the devnet's endpoints the relay knows; one without. */
  readonly endpoints?: number;
  /** A devnet without. */
  readonly chain?: ChainKind;
  /** `lanes.window` of the relay: transactions of a key that are sent and not yet seen in a block; 256 without. */
  readonly window?: number;
  readonly logLevel: string;
  /** For the relay's process, for node itself. */
  readonly relayNodeArgs?: readonly string[];
  /** The relay's priority, as `nice` counts; that of this process without. */
  readonly relayNice?: number;
  /** Where the relay leaves a CPU profile when it ends; with threshold keys, the signer too. */
  readonly profileFolder: string | undefined;
  /** Makes it a stack whose users sign in and have threshold keys. */
  readonly threshold?: ThresholdStack;
}

/** What a stack with threshold keys has more. */
export interface ThresholdStack extends TenantWallets {
  readonly signerStoreUrl: string;
  /** For the signer's process, for node itself. */
  readonly signerNodeArgs?: readonly string[];
  /** Sections of the configurations. */
  readonly signer: object;
  readonly relay: object;
  /** What both processes read secrets from. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts all three, waits until the relay is ready and makes a tenant. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { threshold } = options;
  const storeUrl = threshold?.signerStoreUrl ?? `sqlite:${join(options.folder, "signer.db")}`;
  const started: Running[] = [];
  const stop = async () => {
    for (const running of started.splice(0).reverse()) await running.stop();
  };
  try {
    const devnet = await startChain(options);
    started.push(devnet.running);
    const grantKey = makeGrantKey();
    const signer = await startSigner({
      folder: options.folder,
      // A reference stands for a URL with a password.
      storeUrl: storeUrl.startsWith("sqlite:") ? storeUrl : "env:BENCH_STORE_URL",
      backends: [options.keystore.backend],
      keys: [],
      policies: Object.fromEntries(options.keystore.keys.map(({ keyId }) => [keyId, SIGNER_POLICY])),
      grantKey: grantKey.publicKey,
      sections: threshold?.signer ?? {},
      logLevel: options.logLevel,
      env: { ...options.keystore.env, ...threshold?.env, BENCH_STORE_URL: storeUrl },
      profileFolder: threshold && options.profileFolder,
      nodeArgs: threshold?.signerNodeArgs ?? [],
    });
    started.push(signer.running);
    const [publicPort = 0, operationsPort = 0] = await freePorts(2);
    const relay = await startRelay(options, {
      rpcUrls: devnet.rpcUrls,
      signerSocket: signer.socket,
      grantSeed: grantKey.seed,
      ports: { public: publicPort, operations: operationsPort },
    });
    started.push(relay);
    const operationsUrl = `http://127.0.0.1:${operationsPort}`;
    const broken = Promise.race(started.map(({ ended }) => ended));
    broken.catch(() => undefined);
    await Promise.race([untilReady(operationsUrl), broken]);
    const operator = { url: `unix:${adminSocket(options.folder)}`, key: ADMIN.BENCH_ADMIN_KEY };
    const apiKey = await makeTenant(operator, options.folder, threshold);
    return {
      relayUrl: `http://127.0.0.1:${publicPort}`,
      operationsUrl,
      apiKey,
      admin: devnet.admin,
      pids: { relay: relay.pid, signer: signer.running.pid, devnet: devnet.running.pid },
      broken,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startChain({ chain, folder, keystore, wallets, endpoints = 1 }: StackOptions): Promise<BenchDevnet> {
  if (chain === "mock") return startMockChain(folder);
  const relayerKeys = keystore.keys.map(({ publicKey }) => publicKey);
  return startDevnet({ folder, relayerKeys, wallets, endpoints });
}

const adminSocket = (folder: string) => join(folder, "admin.sock");

/** What the tenant's delegates do, and nothing else. */
const SIGNER_POLICY = {
  network: NETWORK,
  account_id: RELAYER,
  rate: FAST,
  deposit_per_day: BILLION_NEAR,
  gas_per_day: `1${"0".repeat(30)}`,
  delegates: { receivers: [{ account: RECEIVER }], actions: ["Transfer"], max_deposit: "1" },
};

/** Where the relay finds the others, and is found. */
interface RelayPlaces {
  readonly rpcUrls: readonly string[];
  readonly signerSocket: string;
  readonly grantSeed: string;
  readonly ports: { readonly public: number; readonly operations: number };
}

async function startRelay(
  {
    folder,
    keystore,
    ledgerUrl,
    window = LANE_WINDOW,
    logLevel,
    relayNodeArgs = [],
    relayNice,
    profileFolder,
    threshold,
  }: StackOptions,
  { rpcUrls, signerSocket, grantSeed, ports }: RelayPlaces,
): Promise<Running> {
  const config = {
    network: NETWORK,
    listen: { port: ports.public },
    operations: { port: ports.operations },
    admin: {
      listen: { unix: adminSocket(folder) },
      keys: [{ name: "bench", role: "admin", secret: "env:BENCH_ADMIN_KEY" }],
    },
    rates: {
      ...{ ip: FAST, failed_auth: FAST, tenant: FAST, key: FAST, user: FAST, method: FAST },
      ...{ sign_in: FAST, sign_in_begin: FAST, sign_in_tenant: FAST },
    },
    ledger: { url: "env:BENCH_LEDGER_URL" },
    signer: {
      url: `unix:${signerSocket}`,
      audience: AUDIENCE,
      grants: { key_id: GRANT_KEY_ID, seed: "env:BENCH_GRANT_SEED" },
    },
    near: { endpoints: rpcUrls.map((url) => ({ url })) },
    relayers: [{ account_id: RELAYER, key_ids: keystore.keys.map(({ keyId }) => keyId) }],
    delegates: { max_deposit: "1", max_blocks_ahead: 1_000_000 },
    limits: { max_open_submissions: 1_000_000 },
    lanes: { window },
    log: { level: logLevel },
    ...threshold?.relay,
  };
  const file = join(folder, "relay.yaml");
  await writeFile(file, JSON.stringify(config));
  return start("server/src/cli.ts", ["relay", "--config", file], {
    logFile: join(folder, "relay.log"),
    ...(relayNice === undefined ? {} : { nice: relayNice }),
    env: { ...ADMIN, ...threshold?.env, BENCH_LEDGER_URL: ledgerUrl, BENCH_GRANT_SEED: grantSeed },
    nodeArgs: [
      ...relayNodeArgs,
      ...(profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`]),
    ],
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
