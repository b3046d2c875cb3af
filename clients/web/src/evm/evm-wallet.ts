import type { Hex } from "viem";
import type { MintedSession, ThresholdSessionPolicy } from "../wallet/threshold-sessions.ts";
import type { Wallet, WalletCall } from "../wallet/wallet.ts";
import type { WalletKey } from "../wallet/wallet-key.ts";
import type { EvmAccount } from "./evm-account.ts";

/** What `bootstrap` gives. */
export interface EvmBootstrap {
  readonly account: EvmAccount;
  /** The key, which the wallet remembers. Nothing of it is secret. */
  readonly key: WalletKey;
  readonly session: MintedSession;
}

/** The EVM side of a wallet: threshold ECDSA, with the passkey and the relay of the rest. Throws `CountersignError`. */
export interface EvmWallet {
  /**
   * Makes an account ready to sign: creates its key, unless the wallet remembers one, mints a session, and begins to fill the
   * pool of presignatures. A touch of the passkey for the session, and one or two for a new key. Without a policy the
   * session may sign transactions, messages, typed data and authorisations, a hundred times in 15 minutes; raw digests have
   * to be asked for.
   */
  bootstrap(
    of: { accountId: string; policy?: ThresholdSessionPolicy },
    call?: WalletCall,
  ): Promise<EvmBootstrap>;
  /** The account of a key that the wallet remembers. It signs with a session, which is minted where there is none. */
  account(accountId: string, call?: WalletCall): EvmAccount | undefined;
  /**
   * The whole private key, with a touch of the passkey; it belongs to the account's address. Whoever has it signs without
   * the relay. Throws EXPORT_DISABLED unless the relay's operator allows it.
   */
  exportKey(of: { accountId: string }, call?: WalletCall): Promise<Hex>;
}

export type WalletWithEvm = Wallet & { readonly evm: EvmWallet };
