import type { WalletWithEvm } from "../evm/evm-wallet.ts";
import { evmWalletOver } from "../evm/evm-wallet-over.ts";
import type { WalletOptions } from "../wallet/wallet.ts";
import { webPlatform } from "./web-platform.ts";

/** A wallet of this page, with `evm`. Starts its Web Worker; opens no connection until a method is called. */
export function createWallet(options: WalletOptions): WalletWithEvm {
  return evmWalletOver(options, webPlatform(options));
}
