import { MessageChannel } from "node:worker_threads";
import { createConnectTransport } from "@connectrpc/connect-node";
import { onTestFinished } from "vitest";
import { serveVault } from "../../../../clients/web/src/vault/serve-vault.ts";
import { ShareVault, type VaultPlatform } from "../../../../clients/web/src/vault/share-vault.ts";
import { connectVault, type Vault } from "../../../../clients/web/src/vault/vault-client.ts";
import type { Passkeys } from "../../../../clients/web/src/wallet/passkeys.ts";
import { memoryStore } from "../../../../clients/web/src/wallet/text-store.ts";
import type { Wallet, WalletOptions } from "../../../../clients/web/src/wallet/wallet.ts";
import { walletOver } from "../../../../clients/web/src/wallet/wallet-over.ts";
import { type HandClock, handClock } from "../../hand-clock.ts";
import { random } from "./relayers-half.ts";
import { RP_ID, type SoftwarePasskeys, softwarePasskeys } from "./software-passkeys.ts";
import { startWalletRelay, TENANT, type WalletRelay } from "./wallet-relay.ts";

export const ACCOUNT = "alice.testnet";

export interface NodeWallet {
  readonly wallet: Wallet;
  readonly relay: WalletRelay;
  readonly passkeys: SoftwarePasskeys;
  readonly clock: HandClock;
  /** A wallet of the same user after its page was loaded again: the stores are the same, and so is the passkey. */
  reload(passkeys?: Passkeys): Wallet;
}

/** As `openVault`, until the test ends. */
export function vaultOverChannel(platform: VaultPlatform = {}): Vault {
  const vault = openVault(platform);
  onTestFinished(() => vault.close());
  return vault;
}

/** The vault over a channel that copies what it carries, as between a page and its worker. The caller closes it. */
export function openVault(platform: VaultPlatform = {}): Vault {
  const { port1, port2 } = new MessageChannel();
  const vault = connectVault({
    send: (call, transfer) => port1.postMessage(call, [...transfer]),
    receive: (listener) => void port1.on("message", listener),
    failed: () => undefined,
    close: () => port1.close(),
  });
  serveVault(new ShareVault(random, platform), {
    send: (message, transfer) => port2.postMessage(message, [...transfer]),
    receive: (listener) => void port2.on("message", listener),
  });
  return vault;
}

/** A wallet in Node, over HTTP/2, with a passkey in software. */
export async function startNodeWallet(options: Partial<WalletOptions> = {}): Promise<NodeWallet> {
  const relay = await startWalletRelay();
  const passkeys = softwarePasskeys();
  const clock = handClock();
  const all: WalletOptions = {
    relay: {
      baseUrl: relay.baseUrl,
      transport: ({ baseUrl, interceptors = [] }) =>
        createConnectTransport({ baseUrl, interceptors, httpVersion: "2" }),
    },
    tenant: TENANT,
    rpId: RP_ID,
    network: "testnet",
    near: async () => ({ nonce: 7n, blockHeight: 1_000n, blockHash: new Uint8Array(32) }),
    tokens: memoryStore(),
    keyStore: memoryStore(),
    ...options,
  };
  const open = (own: Passkeys = passkeys) => {
    const wallTime = () => Date.now() + clock.now();
    return walletOver(all, { passkeys: own, vault: vaultOverChannel(), clock, wallTime });
  };
  return { wallet: open(), relay, passkeys, clock, reload: open };
}

/** One that is registered and has a key. */
export async function walletWithKey(options: Partial<WalletOptions> = {}): Promise<NodeWallet> {
  const made = await startNodeWallet(options);
  await made.wallet.register({ userName: "Alice", accountId: ACCOUNT });
  await made.wallet.createKey({ accountId: ACCOUNT });
  return made;
}

/** Signs a message off the chain. */
export function signHello({ wallet }: Pick<NodeWallet, "wallet">, signal?: AbortSignal) {
  const message = { message: "hello", nonce: new Uint8Array(32).fill(5), recipient: "app.example" };
  return wallet.signMessage({ accountId: ACCOUNT, message }, signal === undefined ? {} : { signal });
}
