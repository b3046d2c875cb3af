/** What the page is told by its server. */
export interface PageConfig {
  readonly relayUrl: string;
  readonly tenant: string;
  readonly network: string;
}

/** What the page can be asked for: its global `pagesBench`. */
export interface PagesBench {
  /** Signs a new user up with a passkey. */
  register(accountId: string): Promise<void>;
  /** Creates the account's key, and waits until the wallet has so many presignatures of it. */
  fillPool(accountId: string, count: number): Promise<void>;
}
