/** What the page is told by its server. */
export interface PageConfig {
  readonly relayUrl: string;
  readonly tenant: string;
  readonly rpId: string;
  readonly network: string;
  readonly accountId: string;
}
