import type { Wallet, WalletOptions } from "../wallet/wallet.ts";
import { walletOver } from "../wallet/wallet-over.ts";
import { webPlatform } from "./web-platform.ts";

/** A wallet of this page. Starts its Web Worker; opens no connection until a method is called. */
export function createWallet(options: WalletOptions): Wallet {
  return walletOver(options, webPlatform(options));
}
