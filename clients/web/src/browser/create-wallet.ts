import { systemClock } from "../clock.ts";
import type { Wallet, WalletOptions } from "../wallet/wallet.ts";
import { walletOver } from "../wallet/wallet-over.ts";
import { startVault } from "./start-vault.ts";
import { webPasskeys } from "./web-passkeys.ts";

/** A wallet of this page. Starts its Web Worker; opens no connection until a method is called. */
export function createWallet(options: WalletOptions): Wallet {
  const wallTime = () => Date.now();
  return walletOver(options, { passkeys: webPasskeys, vault: startVault(), clock: systemClock, wallTime });
}
