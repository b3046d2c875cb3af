// What an application loads to embed a wallet: small, and without any of the wallet's own code.
export type * from "../api.ts";
export { EmbeddedWalletError, type FrameCode, type FrameReason } from "../embedded-wallet-error.ts";
export { type ConnectWalletOptions, connectWallet } from "./connect-wallet.ts";
