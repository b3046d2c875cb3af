/** Names what one passkey derives for one account, within one vault. It is made of a public point, so it tells nothing. */
export type ShareId = string;

/** What both proofs of possession are bound to, besides the share's own account and relying party. */
export interface KeyCeremony {
  readonly network: string;
  readonly tenant: string;
  readonly user: string;
  /** The signer's challenge, 32 bytes. */
  readonly challenge: Uint8Array;
}
