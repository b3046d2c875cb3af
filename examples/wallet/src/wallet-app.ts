import { createWallet, type WalletWithEvm } from "@countersign/web/evm";
import { nearRpc } from "@countersign/web/wallet";
import { browserStore } from "./browser-store.ts";
import { type EvmClient, evmClient } from "./evm-client.ts";
import { lastAccount } from "./local-store.ts";
import { type NearView, nearView } from "./near-view.ts";
import type { WalletConfig } from "./wallet-config.ts";

/** What all of the wallet's views work with. */
export interface WalletApp {
  readonly config: WalletConfig;
  readonly wallet: WalletWithEvm;
  readonly near: NearView;
  /** Undefined without an EVM chain. */
  readonly evm: EvmClient | undefined;
  /** Dispatches "change" when something was sent, so that balances and lists are read anew. */
  readonly changes: EventTarget;
}

export function openWalletApp(config: WalletConfig): WalletApp {
  const nearUrl = new URL(config.nearUrl, location.href).href;
  const wallet = createWallet({
    relay: { baseUrl: config.relayUrl },
    lock: { relays: config.lockRelays },
    tenant: config.tenant,
    rpId: config.rpId,
    network: config.network,
    near: nearRpc(nearUrl),
    // So that a new tab opens without a prompt, too: the page has no scripts but its own.
    tokens: browserStore,
    keyStore: browserStore,
  });
  const evm = config.evm === undefined ? undefined : evmClient(config.evm);
  return { config, wallet, near: nearView(nearUrl), evm, changes: new EventTarget() };
}

/** The account of this browser, if the wallet has its key. */
export function knownAccount({ wallet }: WalletApp): string | undefined {
  const accountId = lastAccount.get();
  return accountId !== undefined && wallet.key(accountId) !== undefined ? accountId : undefined;
}

/** Says that something was sent. */
export function changed({ changes }: WalletApp): void {
  changes.dispatchEvent(new Event("change"));
}
