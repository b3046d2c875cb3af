import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Devnet, startDevnet } from "@countersign/devnet";
import { inOneFile } from "../../support/one-file.ts";
import { type OwnRedis, startRedis } from "../../support/redis.ts";
import { NEAR, RELAYER, relayFlags } from "../../support/test-relay.ts";
import { type SeededTenant, seedTenants } from "../../support/test-tenant.ts";
import type { TestWallet } from "../../support/test-wallet.ts";
import type { SentTransaction } from "../history.ts";
import { ChaosRelay } from "./chaos-relay.ts";
import { type ChaosKey, type ChaosSigner, makeSigner } from "./chaos-signer.ts";
import { type OwnPostgres, startPostgres } from "./own-postgres.ts";

/** Accounts that sign and pay; only the first one creates accounts. */
export const RELAYERS = [RELAYER, "relay-2.test"];
const RELAYS = 2;
/** How long relays may take to stop in good order, in milliseconds. */
const STOP_MS = 30_000;

export interface ChaosWorldOptions {
  readonly seed: number;
  readonly keys: number;
  readonly endpoints: number;
  readonly blockMs: number;
  readonly leaseMs: number;
  /** Blocks after which the block that a transaction names is too old. */
  readonly validityBlocks: number;
  readonly wallets: readonly TestWallet[];
  readonly tenants: readonly SeededTenant[];
  /** Told what happens in the relays. */
  readonly onEvent: (event: string) => void;
}

/** Two relays, a signer, PostgreSQL and Redis in processes of their own, and a chain in this one. */
export interface ChaosWorld {
  /** Has everything's log. */
  readonly folder: string;
  readonly devnet: Devnet;
  readonly postgres: OwnPostgres;
  readonly redis: OwnRedis;
  readonly signer: ChaosSigner;
  readonly relays: readonly ChaosRelay[];
  readonly keys: readonly ChaosKey[];
  readonly ledgerUrl: string;
  /** Everything that a node was sent, as it came. */
  readonly sent: readonly SentTransaction[];
  readonly relayersHadAtStart: bigint;
  relayersHave(): bigint;
  /** Has everything run and answer again. */
  heal(): Promise<void>;
  /** Ends the relays as an operator would, so that what they keep is written; those that do not end are killed. */
  stopRelays(): Promise<void>;
  stop(): Promise<void>;
  /** Deletes the logs. */
  remove(): void;
}

export async function startChaosWorld(options: ChaosWorldOptions): Promise<ChaosWorld> {
  const { seed, keys, endpoints, blockMs, leaseMs, validityBlocks, wallets, tenants, onEvent } = options;
  const folder = mkdtempSync(join(tmpdir(), "chaos-"));
  // PostgreSQL's user must be able to pass.
  chmodSync(folder, 0o711);
  const ends: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const end of ends.reverse()) await end();
    ends.length = 0;
  };
  try {
    const [postgres, redis] = await Promise.all([startPostgres(folder), startRedis()]);
    ends.push(
      () => postgres.stop("fast"),
      () => redis.kill(),
    );
    const ledgerUrl = await postgres.createDatabase("relay");
    const signerUrl = await postgres.createDatabase("signer");
    const signer = await makeSigner(folder, signerUrl, RELAYERS, keys);
    ends.push(() => signer.process.down());

    const devnet = await startDevnet({
      seed,
      endpoints,
      blockTimeMs: blockMs,
      transactionValidityBlocks: BigInt(validityBlocks),
      accounts: genesisOf(signer.keys, wallets),
    });
    ends.push(() => devnet.stop());
    const sent: SentTransaction[] = [];
    devnet.chain.onSubmit(({ publicKey, nonce, hash }) => sent.push({ publicKey, nonce, hash }));
    const relayersHave = () =>
      RELAYERS.reduce((sum, id) => sum + (devnet.chain.stateAt().account(id)?.amount ?? 0n), 0n);
    const relayersHadAtStart = relayersHave();

    await Promise.all([seedTenants(ledgerUrl, tenants), signer.begin()]);
    const flags = relayFlags(folder, devnet, signer.socketPath, {
      ledgerUrl,
      settings: {
        replicas: String(RELAYS),
        "redis.url": redis.url,
        relayers: JSON.stringify(
          RELAYERS.map((account_id) => ({ account_id, key_ids: keyIdsOf(signer.keys, account_id) })).filter(
            ({ key_ids }) => key_ids.length > 0,
          ),
        ),
        "lanes.lease_ms": String(leaseMs),
        "near.timeout_ms": "1500",
        "near.transaction_validity_blocks": String(validityBlocks),
        "log.level": "warn",
      },
    });
    const program = await inOneFile(new URL("relay-program.ts", import.meta.url));
    const relays = Array.from({ length: RELAYS }, (_, i) => {
      const logFile = join(folder, `relay-${i}.log`);
      return new ChaosRelay({ program, flags, logFile, onEvent });
    });
    for (const relay of relays) {
      ends.push(() => relay.process.down());
      relay.process.up();
    }
    await Promise.all(relays.map((relay) => relay.serves()));
    return {
      ...{ folder, devnet, postgres, redis, signer, relays, keys: signer.keys, ledgerUrl, sent },
      ...{ relayersHadAtStart, relayersHave, stop },
      async heal() {
        for (const { faults, head } of devnet.endpoints) {
          faults.clear();
          head.recover();
        }
        redis.thaw();
        await postgres.start();
        signer.process.up();
        for (const relay of relays) {
          relay.process.resume();
          relay.process.up();
        }
      },
      async stopRelays() {
        const stopped = Promise.all(relays.map((relay) => relay.process.down("SIGTERM")));
        await Promise.race([stopped, delay(STOP_MS, undefined, { ref: false })]);
        await Promise.all(relays.map((relay) => relay.process.down()));
        // What a server still does for one that was killed is over after this, too: history is read at rest.
        await postgres.stop("fast");
        await postgres.start();
      },
      remove: () => rmSync(folder, { recursive: true, force: true }),
    };
  } catch (error) {
    await stop();
    const why = error instanceof Error ? error.message : error;
    throw new Error(`not all that fails could be started (logs in ${folder}): ${why}`, { cause: error });
  }
}

function keyIdsOf(keys: readonly ChaosKey[], account: string): string[] {
  return keys.filter(({ accountId }) => accountId === account).map(({ keyId }) => keyId);
}

function genesisOf(keys: readonly ChaosKey[], wallets: readonly TestWallet[]) {
  const much = (10_000n * NEAR).toString();
  return [
    ...RELAYERS.map((id) => ({
      id,
      balance: much,
      keys: keys.filter(({ accountId }) => accountId === id).map(({ publicKey }) => publicKey),
    })),
    { id: "guest-book.test", balance: much, contract: "guest-book" },
    { id: "registrar.test", balance: much, contract: "registrar" },
    ...wallets.map(({ accountId, publicKey }) => ({
      id: accountId,
      balance: (10n * NEAR).toString(),
      keys: [publicKey],
    })),
  ];
}
