// What the page of a wallet loads to serve the applications that embed it.
export type * from "../api.ts";
export { EmbeddedWalletError, type FrameCode, type FrameReason } from "../embedded-wallet-error.ts";
export type * from "../guest-api.ts";
export { type ArmOptions, armWhenVisible } from "./arm-when-visible.ts";
export { serveEmbeddedWallet } from "./serve-embedded-wallet.ts";
export { storeOf } from "./store-of.ts";
