import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { RP_ID } from "../../../tests/web-client/wallet/support/software-passkeys.ts";
import { type Stack, startStack, type ThresholdStack } from "../relay/stack.ts";
import { TENANT } from "../relay/tenant.ts";
import { type Keystore, NETWORK } from "../shared/keystore.ts";
import { type EngineName, freshLedger } from "../shared/ledgers.ts";
import { BenchWallet } from "./bench-wallet.ts";
import { WALLETS } from "./rows.ts";

/** A relay and a signer on an engine, with wallets that have keys there. */
export interface ServedStack {
  readonly stack: Stack;
  readonly wallets: readonly BenchWallet[];
  stop(): Promise<void>;
}

export interface ServedStackOptions {
  /** An existing folder for the files of all stacks. */
  readonly folder: string;
  readonly keystore: Keystore;
  readonly logLevel: string;
  readonly profileFolder: string | undefined;
}

const ORIGIN = `https://${RP_ID}`;
const secret = () => randomBytes(32).toString("hex");

/** Starts both on empty databases, and makes the wallets. */
export async function serveStack(engine: EngineName, options: ServedStackOptions): Promise<ServedStack> {
  const { keystore, logLevel, profileFolder } = options;
  const folder = join(options.folder, engine);
  const signerFolder = join(folder, "signer");
  await mkdir(signerFolder, { recursive: true });
  const ledger = await freshLedger(engine, folder);
  const store = await freshLedger(engine, signerFolder);
  const wallets: BenchWallet[] = [];
  let stack: Stack | undefined;
  const stop = async () => {
    for (const wallet of wallets) wallet.close();
    await stack?.stop();
    await ledger.drop();
    await store.drop();
  };
  try {
    stack = await startStack({
      folder,
      keystore,
      ledgerUrl: ledger.url,
      wallets: [],
      logLevel,
      profileFolder: profileFolder && join(profileFolder, engine),
      threshold: thresholdStack(store.url),
    });
    for (let i = 0; i < WALLETS; i++) {
      wallets.push(await BenchWallet.open(stack.relayUrl, `wallet-${i}.test`));
    }
    return { stack, wallets, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function thresholdStack(signerStoreUrl: string): ThresholdStack {
  return {
    signerStoreUrl,
    env: { BENCH_MASTER_SECRET: secret(), BENCH_SEALING_KEY: secret(), BENCH_APP_TOKEN_SEED: secret() },
    signer: {
      threshold: {
        sealing_keys: ["env:BENCH_SEALING_KEY"],
        master_secrets: [{ network: NETWORK, epoch: 1, secret: "env:BENCH_MASTER_SECRET" }],
        tenants: [{ tenant: TENANT, relying_parties: [{ id: RP_ID, origins: [ORIGIN] }] }],
      },
    },
    relay: {
      threshold: { enabled: true },
      session: {
        issuer: "https://relay.example",
        signing_keys: [{ id: "bench", seed: "env:BENCH_APP_TOKEN_SEED" }],
      },
    },
    signIn: {
      relying_parties: [{ id: RP_ID, name: "Bench", origins: [ORIGIN] }],
      scopes: ["threshold"],
    },
  };
}
