// What a wallet's page uses. It needs a browser, so it stands apart from the relay's client, which runs in Node as well.
export { Purpose } from "@countersign/gen/countersign/threshold/v1/threshold_pb.ts";
export type { Identities, IdTokenSource, ProvenUser } from "../wallet/identities.ts";
export type { OffChainMessage, SigningPayload } from "../wallet/payload.ts";
export type { TextStore } from "../wallet/text-store.ts";
export type { MintedSession, ThresholdSessionPolicy } from "../wallet/threshold-sessions.ts";
export { type AccessKeyView, nearRpc, type ViewAccessKey } from "../wallet/view-access-key.ts";
export type {
  LockOptions,
  RelayRequest,
  SignedMessage,
  TransactionsRequest,
  Wallet,
  WalletCall,
  WalletOptions,
} from "../wallet/wallet.ts";
export type { Unlocked, WalletEvent } from "../wallet/wallet-events.ts";
export type { WalletKey } from "../wallet/wallet-key.ts";
export { createWallet } from "./create-wallet.ts";
