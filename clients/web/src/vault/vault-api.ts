import type { EcdsaVaultApi } from "./ecdsa-vault-api.ts";
import type { Ed25519VaultApi } from "./ed25519-vault-api.ts";
import type { ShareId } from "./key-ceremony.ts";

/**
 * What the worker does for the page. Whatever it answers may be seen by everybody, but for `finishExport`; shares, nonces,
 * presignatures and what the passkey gave are in none of its answers. Throws VaultError.
 */
export interface VaultApi extends Ed25519VaultApi, EcdsaVaultApi {
  /**
   * Derives the shares of an account, one for each scheme, from what the passkey's PRF gave (32 bytes, which are zero
   * afterwards) and keeps them. Throws MALFORMED.
   */
  unlock(of: { readonly prfFirst: ArrayBuffer; readonly accountId: string; readonly rpId: string }): {
    readonly shareId: ShareId;
    /** Of Ed25519: 32 bytes. */
    readonly verifyingShare: Uint8Array;
    /** Of secp256k1: 33 bytes. */
    readonly ecdsaVerifyingShare: Uint8Array;
  };
  /** Begins the export of a key of either scheme: makes a recipient for the relayer's share. */
  beginExport(of: Record<string, never>): Promise<{
    readonly exportId: number;
    /** X25519, 32 bytes. */
    readonly recipientPublicKey: Uint8Array;
  }>;
  /**
   * The whole private key, once: a scalar of 32 bytes, little-endian for Ed25519, big-endian for secp256k1. It is secret,
   * and has been compared with the public key. `info` is what the sealed share is bound to. Throws ROUND_SPENT, MALFORMED
   * for a share that cannot be opened, KEY_MISMATCH, and LOCKED unless the key's share was unlocked between both calls.
   */
  finishExport(of: {
    readonly exportId: number;
    readonly keyId: string;
    readonly info: Uint8Array;
    readonly encapsulatedKey: Uint8Array;
    readonly sealedShare: Uint8Array;
  }): Promise<Uint8Array>;
  /** Erases all shares, nonces, runs and presignatures. Sealed ones stay in the store. */
  lock(of: Record<string, never>): void;
}

/** Every method, for those that take its name from a message. */
export const VAULT_METHODS = [
  "unlock",
  "prove",
  "confirm",
  "adopt",
  "commit",
  "answer",
  "finish",
  "abandon",
  "proveEcdsa",
  "confirmEcdsa",
  "adoptEcdsa",
  "beginPresign",
  "advancePresign",
  "abandonPresign",
  "heldPresignatures",
  "forgetPresignatures",
  "beginEcdsa",
  "revealEcdsa",
  "finishEcdsa",
  "abandonEcdsa",
  "beginExport",
  "finishExport",
  "lock",
] as const satisfies readonly (keyof VaultApi)[];
