/** What the page is told by its server. */
export interface PageConfig {
  readonly relayUrl: string;
  readonly tenant: string;
  readonly rpId: string;
  readonly network: string;
  readonly accountId: string;
}

/** What the page for EVM chains is told. Addresses and hashes are hexadecimal, with 0x. */
export interface EvmPageConfig extends PageConfig {
  readonly chainUrl: string;
  /** Who is sent an ether. */
  readonly recipient: `0x${string}`;
  /** The contract that is called. */
  readonly notes: `0x${string}`;
}

/** What the page of the server lock is told. */
export interface LockPageConfig extends PageConfig {
  /** Further relays. */
  readonly peers: readonly string[];
}
