import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { type Devnet, type DevnetOptions, startDevnet } from "@countersign/devnet";
import { RelayService } from "@countersign/gen/countersign/relay/v1/relay_service_pb.ts";
import { type App, type AppOverrides, createApp } from "@countersign/server/app.ts";
import { loadRelayConfig, type RelayConfig } from "@countersign/server/config/config.ts";
import { createLogger } from "@countersign/service-kit";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import type { SignerSettings } from "./signer-settings.ts";
import { relayerKey, startTestSigner, type TestRelayerKey, type TestSigner } from "./test-signer.ts";
import { AUTH, type SeededTenant, seedTenants } from "./test-tenant.ts";
import { TestWallet } from "./test-wallet.ts";

export const NETWORK = "countersign-devnet";
export const RELAYER = "relay.test";
export const NEAR = 10n ** 24n;

export interface TestRelayOptions {
  /** "sqlite:…" in a folder of its own without. */
  readonly ledgerUrl?: string;
  readonly devnet?: DevnetOptions;
  /** Settings of the relay by path, for example `{"delegates.max_actions": "2"}`; undefined leaves one out. */
  readonly settings?: Readonly<Record<string, string | undefined>>;
  /** Where the signer finds the relayer's key, instead of in memory. */
  readonly signerBackend?: (key: TestRelayerKey) => KeyBackend;
  /** Sections of the signer's configuration. */
  readonly signerSettings?: SignerSettings;
  readonly overrides?: AppOverrides;
  /** The relay's NEAR endpoints, instead of the devnet's own. */
  readonly endpoints?: (devnet: Devnet) => Promise<readonly string[]>;
  /** How many wallets exist on the chain from the start. */
  readonly wallets?: number;
  /** Whom the relay serves, instead of the test tenant. */
  readonly tenants?: readonly SeededTenant[];
}

/** A relay with its signer and its chain, all real, in this process. */
export interface TestRelay {
  readonly devnet: Devnet;
  readonly app: App;
  readonly client: Client<typeof RelayService>;
  readonly wallets: readonly TestWallet[];
  readonly config: RelayConfig;
  readonly relayerKey: TestRelayerKey;
  readonly signer: TestSigner;
  /** Stops the relay alone and starts it again on the same ledger. */
  restart(): Promise<void>;
  stopSigner(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts everything and waits until the relay is ready. Blocks come as soon as there is work. */
export async function startTestRelay(options: TestRelayOptions = {}): Promise<TestRelay> {
  const folder = await mkdtemp(join(tmpdir(), "relay-"));
  const key = await relayerKey("relayer-1", RELAYER);
  const wallets = Array.from({ length: options.wallets ?? 1 }, (_, i) => new TestWallet(`wallet-${i}.test`));
  const devnet = await startDevnet({
    blockTimeMs: 0,
    ...options.devnet,
    accounts: genesis(key, wallets, options),
  });
  const signer = await startTestSigner(NETWORK, [key], options.signerBackend, options.signerSettings);
  const urls = (await options.endpoints?.(devnet)) ?? devnet.rpcUrls;
  const settings = { "near.endpoints": JSON.stringify(urls.map((url) => ({ url }))), ...options.settings };
  const config = relayConfig(folder, devnet, signer.socketPath, { ...options, settings });
  const overrides = { log: createLogger("relay", "error"), ...options.overrides };
  await seedTenants(config.ledger.url.reveal(), options.tenants);
  let app = await createApp(config, overrides);
  await ready(app);
  const address = () => app.address;
  return {
    devnet,
    config,
    wallets,
    relayerKey: key,
    signer,
    get app() {
      return app;
    },
    get client() {
      return relayClient(address());
    },
    async restart() {
      await app.stop();
      app = await createApp(config, overrides);
      await ready(app);
    },
    stopSigner: signer.stop,
    async stop() {
      await app.stop();
      await signer.stop();
      await devnet.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A client over Connect and HTTP/2, by default of the test tenant's. */
export function relayClient(
  baseUrl: string,
  headers: Readonly<Record<string, string>> = AUTH,
): Client<typeof RelayService> {
  return createClient(
    RelayService,
    createConnectTransport({ baseUrl, httpVersion: "2", interceptors: [withHeaders(headers)] }),
  );
}

/** Adds headers to every call. */
export function withHeaders(headers: Readonly<Record<string, string>>): Interceptor {
  return (next) => (request) => {
    for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
    return next(request);
  };
}

/** The accounts that exist from the start: the relayer's, two contracts, the wallets, and what else is asked for. */
export function genesis(
  key: TestRelayerKey,
  wallets: readonly TestWallet[],
  { devnet }: Pick<TestRelayOptions, "devnet">,
) {
  const thousandNear = (1_000n * NEAR).toString();
  return [
    { id: RELAYER, balance: thousandNear, keys: [key.publicKey] },
    { id: "guest-book.test", balance: thousandNear, contract: "guest-book" },
    { id: "registrar.test", balance: thousandNear, contract: "registrar" },
    ...wallets.map(({ accountId, publicKey }) => ({
      id: accountId,
      balance: (10n * NEAR).toString(),
      keys: [publicKey],
    })),
    ...(devnet?.accounts ?? []),
  ];
}

function relayConfig(
  folder: string,
  devnet: Devnet,
  socketPath: string,
  options: TestRelayOptions,
): RelayConfig {
  return loadRelayConfig({ env: {}, flags: relayFlags(folder, devnet, socketPath, options) }).config;
}

const FAST = { per_second: 100_000, burst: 100_000 };
export const UNBOUNDED_RATES = {
  ...{ ip: FAST, failed_auth: FAST, tenant: FAST, key: FAST, user: FAST, method: FAST },
  ...{ sign_in: FAST, sign_in_begin: FAST, sign_in_tenant: FAST },
  ...{ lock: FAST, lock_tenant: FAST, lock_key_alarm: FAST },
};

/** The settings of a relay over these parts, by path. */
export function relayFlags(
  folder: string,
  devnet: Devnet,
  socketPath: string,
  { ledgerUrl, settings }: Pick<TestRelayOptions, "ledgerUrl" | "settings">,
): Record<string, string | undefined> {
  return {
    network: NETWORK,
    "listen.port": "0",
    "operations.port": "0",
    "ledger.url": ledgerUrl ?? `sqlite:${join(folder, "relay.db")}`,
    "signer.url": `unix:${socketPath}`,
    "near.endpoints": JSON.stringify(devnet.rpcUrls.map((url) => ({ url }))),
    // The devnet makes blocks when there is work, so its head stands still when there is none.
    "near.stall_ms": "0",
    relayers: JSON.stringify([{ account_id: RELAYER, key_ids: ["relayer-1"] }]),
    "delegates.max_deposit": NEAR.toString(),
    account_creation: JSON.stringify({
      mode: "sub_account",
      suffixes: [`.${RELAYER}`],
      initial_balance: { min: "0", max: NEAR.toString(), default: (NEAR / 10n).toString() },
    }),
    "lanes.lease_ms": "1000",
    // Tests call from one address as fast as they can.
    rates: JSON.stringify(UNBOUNDED_RATES),
    ...settings,
  };
}

async function ready(app: App): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const response = await fetch(`${app.operationsAddress}/readyz`);
    if (response.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the relay did not become ready");
}
