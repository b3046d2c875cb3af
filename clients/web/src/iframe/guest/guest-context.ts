import type { WalletWithEvm } from "../../evm/evm-wallet.ts";
import type { Wallet } from "../../wallet/wallet.ts";
import type { EmbeddedWalletError } from "../embedded-wallet-error.ts";
import type { EmbeddedWalletUi } from "../guest-api.ts";
import type { Grants } from "./grants.ts";
import type { GuestSession } from "./guest-session.ts";
import type { Patience } from "./patience.ts";
import type { Turns } from "./turns.ts";

/** What all sessions of a wallet's page share. */
export interface GuestContext {
  readonly wallet: Wallet | WalletWithEvm;
  readonly network: string;
  readonly ui: EmbeddedWalletUi;
  readonly grants: Grants;
  /** For the user's attention. */
  readonly turns: Turns<GuestSession>;
  readonly patience: Patience;
  readonly onError: (error: EmbeddedWalletError, origin: string) => void;
}
