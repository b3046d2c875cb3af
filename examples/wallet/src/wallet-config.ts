/** What the wallet's page is told by its server, at `config.json` beside it. Nothing of it is secret. */
export interface WalletConfig {
  readonly relayUrl: string;
  /** Further relays that take locks off. */
  readonly lockRelays: readonly string[];
  readonly tenant: string;
  /** The relying party of the passkeys. */
  readonly rpId: string;
  readonly network: string;
  /** NEAR's JSON-RPC; may be relative to the page. */
  readonly nearUrl: string;
  /** What the names of new accounts end in, for example ".wallet.testnet". */
  readonly accountSuffix: string;
  /** A contract with `add_message({ text })`. */
  readonly guestBook: string;
  /** Origins of the applications that may embed the wallet. */
  readonly applications: readonly string[];
  /** Where users may have accounts to sign in with, besides passkeys. */
  readonly provider?: { readonly id: string; readonly name: string };
  /** An EVM chain; without it the wallet signs for NEAR alone. */
  readonly evm?: EvmConfig;
}

export interface EvmConfig {
  readonly chainId: number;
  readonly name: string;
  /** The chain's coin, for example "ETH". */
  readonly symbol: string;
  readonly rpcUrl: string;
  /** Gives an address coins of a test chain: POST {"address": "0x…"}. */
  readonly faucetUrl?: string;
}
