import type { ShareId } from "./key-ceremony.ts";

/** The shares of an account that the vault has, one for each scheme. Nothing of it is secret. */
export interface OpenedShares {
  readonly shareId: ShareId;
  /** Of Ed25519: 32 bytes. */
  readonly verifyingShare: Uint8Array;
  /** Of secp256k1: 33 bytes. */
  readonly ecdsaVerifyingShare: Uint8Array;
}
