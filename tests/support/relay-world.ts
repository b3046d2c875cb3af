import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Devnet, type DevnetOptions, startDevnet } from "@countersign/devnet";
import { loadRelayConfig, type RelayConfig } from "@countersign/server/config/config.ts";
import type { KeyBackend } from "@countersign/signer-service/relayer-signer/key-backend.ts";
import { createDatabase, postgresUrl, type TestDatabase } from "./postgres.ts";
import { openSignerGate, type SignerGate } from "./signer-gate.ts";
import { genesis, NETWORK, RELAYER, relayFlags } from "./test-relay.ts";
import { relayerKey, startTestSigner, type TestRelayerKey, type TestSigner } from "./test-signer.ts";
import { type SeededTenant, seedTenants } from "./test-tenant.ts";
import { TestWallet } from "./test-wallet.ts";

export type LedgerEngine = "sqlite" | "postgres";

/** The engines that tests can run on here. */
export const ledgerEngines: readonly LedgerEngine[] =
  postgresUrl === undefined ? ["sqlite"] : ["sqlite", "postgres"];

export interface RelayWorldOptions {
  readonly engine?: LedgerEngine;
  readonly devnet?: DevnetOptions;
  readonly settings?: Readonly<Record<string, string>>;
  readonly wallets?: number;
  readonly signerBackend?: (key: TestRelayerKey) => KeyBackend;
  /** Keys beside the relayer's first one: of its account, or of others that `devnet` has. */
  readonly moreKeys?: readonly TestRelayerKey[];
  /** A public key of the relayer's account that no relay uses. */
  readonly operatorKey?: string;
  /** Whom the relays serve, instead of the test tenant. */
  readonly tenants?: readonly SeededTenant[];
}

/** All that a relay needs, for tests that start, kill and restart relays of their own. */
export interface RelayWorld {
  readonly devnet: Devnet;
  readonly wallets: readonly TestWallet[];
  readonly relayerKey: TestRelayerKey;
  /** The relay's settings by path. */
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly config: RelayConfig;
  /** Only with PostgreSQL. */
  readonly database: TestDatabase | undefined;
  readonly signer: TestSigner;
  readonly signerGate: SignerGate;
  readonly relayerBalanceAtStart: bigint;
  /** Reads the ledger beside the relay. The same SQL must do for both engines. */
  rows<T extends object>(sql: string): Promise<T[]>;
  stop(): Promise<void>;
}

/** Starts devnet and signer in this process. Blocks come as soon as there is work, unless `devnet` says more. */
export async function startRelayWorld(options: RelayWorldOptions = {}): Promise<RelayWorld> {
  const folder = await mkdtemp(join(tmpdir(), "world-"));
  const database = options.engine === "postgres" ? await createDatabase() : undefined;
  const key = await relayerKey("relayer-1", RELAYER);
  const wallets = Array.from({ length: options.wallets ?? 1 }, (_, i) => new TestWallet(`wallet-${i}.test`));
  const keys = [key, ...(options.moreKeys ?? [])];
  const devnet = await startDevnet({
    blockTimeMs: 0,
    ...options.devnet,
    accounts: genesis(key, wallets, options).map((account) =>
      account.id === RELAYER ? { ...account, keys: keysOfRelayer(keys, options.operatorKey) } : account,
    ),
  });
  const signer = await startTestSigner(NETWORK, keys, options.signerBackend);
  const signerGate = await openSignerGate(join(folder, "gate"), signer.socketPath);
  const ledgerPath = join(folder, "relay.db");
  const flags = relayFlags(folder, devnet, signerGate.socketPath, {
    ledgerUrl: database?.url ?? `sqlite:${ledgerPath}`,
    settings: { "log.level": "error", relayers: relayersOf(keys), ...options.settings },
  });
  const { config } = loadRelayConfig({ env: {}, flags });
  await seedTenants(config.ledger.url.reveal(), options.tenants);
  return {
    devnet,
    wallets,
    relayerKey: key,
    flags,
    config,
    database,
    signer,
    signerGate,
    relayerBalanceAtStart: relayerBalance(devnet),
    rows: async <T extends object>(sql: string) =>
      database === undefined ? readSqlite<T>(ledgerPath, sql) : database.query<T>(sql),
    async stop() {
      await signerGate.close();
      await signer.stop();
      await devnet.stop();
      await database?.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function keysOfRelayer(keys: readonly TestRelayerKey[], operatorKey: string | undefined): string[] {
  const own = keys.filter(({ accountId }) => accountId === RELAYER).map(({ publicKey }) => publicKey);
  return operatorKey === undefined ? own : [...own, operatorKey];
}

function relayersOf(keys: readonly TestRelayerKey[]): string {
  const accounts = Map.groupBy(keys, ({ accountId }) => accountId);
  return JSON.stringify(
    [...accounts].map(([id, of]) => ({ account_id: id, key_ids: of.map(({ keyId }) => keyId) })),
  );
}

/** What the relayer's account holds now, in yoctoNEAR. */
export function relayerBalance({ chain }: Devnet): bigint {
  return chain.stateAt().account(RELAYER)?.amount ?? 0n;
}

/** Reads a ledger's file beside the relay. */
export function readSqlite<T>(path: string, sql: string): T[] {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    return db.prepare(sql).all() as T[];
  } finally {
    db.close();
  }
}
