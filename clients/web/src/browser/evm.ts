// What the page of a wallet for EVM chains uses: all of a wallet's, and viem, which wallets for NEAR alone do not load.
export type { EvmAccount } from "../evm/evm-account.ts";
export type { EvmBootstrap, EvmWallet, WalletWithEvm } from "../evm/evm-wallet.ts";
export { createWallet } from "./create-evm-wallet.ts";
