/** What the application's page is told by its server, at `config.json` beside it. */
export interface AppConfig {
  /** The page of the wallet. */
  readonly walletUrl: string;
  /** A contract with `add_message({ text })` and `get_messages()`. */
  readonly guestBook: string;
  /** NEAR's JSON-RPC; may be relative to the page. */
  readonly nearUrl: string;
  /** An EVM chain. */
  readonly evm?: { readonly chainId: number; readonly rpcUrl: string; readonly symbol: string };
}
