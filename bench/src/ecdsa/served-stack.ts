import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { SCHEME_ID } from "@countersign/crypto/keys-secp256k1.ts";
import { ORIGIN, RP_ID } from "../../../tests/web-client/wallet/support/software-passkeys.ts";
import { type Stack, startStack, type ThresholdStack } from "../relay/stack.ts";
import { TENANT } from "../relay/tenant.ts";
import { type Keystore, NETWORK } from "../shared/keystore.ts";
import { type EngineName, freshLedger } from "../shared/ledgers.ts";
import { CHAIN_ID, EcdsaWallet, RECIPIENT } from "./ecdsa-wallet.ts";
import { LOOP_SOCKET } from "./loop-delay.ts";
import { WALLETS } from "./sizes.ts";
import { WireCount } from "./wire-count.ts";

/** A relay and a signer on an engine, with wallets that have EVM keys there. */
export interface ServedStack {
  readonly stack: Stack;
  /** Of the signer's probe. */
  readonly loopSocket: string;
  readonly wallets: readonly EcdsaWallet[];
  /** The wallets' calls. */
  readonly wire: WireCount;
  stop(): Promise<void>;
}

export interface ServedStackOptions {
  /** An existing folder for the files of all stacks. */
  readonly folder: string;
  readonly keystore: Keystore;
  readonly logLevel: string;
  readonly profileFolder: string | undefined;
  /** Of the page whose wallets are let in, too: http://localhost and a port. */
  readonly pageOrigin: string | undefined;
}

const secret = () => randomBytes(32).toString("hex");

/** Starts both on empty databases, and makes the wallets. */
export async function serveStack(engine: EngineName, options: ServedStackOptions): Promise<ServedStack> {
  const { keystore, logLevel, profileFolder, pageOrigin } = options;
  const folder = join(options.folder, engine);
  const signerFolder = join(folder, "signer");
  await mkdir(signerFolder, { recursive: true });
  const ledger = await freshLedger(engine, folder);
  const store = await freshLedger(engine, signerFolder);
  const loopSocket = join(folder, "loop.sock");
  const wire = new WireCount({ withBytes: false });
  const wallets: EcdsaWallet[] = [];
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
      threshold: thresholdStack(store.url, loopSocket, pageOrigin),
    });
    for (let i = 0; i < WALLETS; i++) {
      wallets.push(await EcdsaWallet.open(stack.relayUrl, `wallet-${i}.test`, wire));
    }
    return { stack, loopSocket, wallets, wire, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function thresholdStack(
  signerStoreUrl: string,
  loopSocket: string,
  pageOrigin: string | undefined,
): ThresholdStack {
  const parties = [
    { id: RP_ID, origins: [ORIGIN] },
    ...(pageOrigin === undefined ? [] : [{ id: "localhost", origins: [pageOrigin] }]),
  ];
  const calls = [{ recipient: RECIPIENT, selectors: ["0x"], max_value: "1" }];
  return {
    signerStoreUrl,
    env: {
      ...{ BENCH_MASTER_SECRET: secret(), BENCH_SEALING_KEY: secret(), BENCH_APP_TOKEN_SEED: secret() },
      [LOOP_SOCKET]: loopSocket,
    },
    signerNodeArgs: ["--import", join(import.meta.dirname, "loop-delay-probe.ts")],
    signer: {
      threshold: {
        sealing_keys: ["env:BENCH_SEALING_KEY"],
        master_secrets: [
          { scheme: SCHEME_ID, network: NETWORK, epoch: 1, secret: "env:BENCH_MASTER_SECRET" },
        ],
        tenants: [
          { tenant: TENANT, relying_parties: parties, evm: { chains: [{ chain_id: CHAIN_ID, calls }] } },
        ],
        // Never reached; the pools are as large as they are by default.
        presign: {
          ...{ per_session: 10_000, per_user_day: 100_000 },
          ...{ concurrent: 2 * WALLETS, concurrent_per_tenant: 2 * WALLETS },
        },
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
      relying_parties: parties.map((party) => ({ ...party, name: "Bench" })),
      scopes: ["threshold"],
    },
    allowedOrigins: pageOrigin === undefined ? [] : [pageOrigin],
  };
}
