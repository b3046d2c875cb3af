import type { EcdsaVaultApi } from "./ecdsa-vault-api.ts";
import type { Ed25519VaultApi } from "./ed25519-vault-api.ts";
import type { LockVaultApi } from "./lock-vault-api.ts";
import type { OpenedShares } from "./opened-shares.ts";

/**
 * What the worker does for the page. Whatever it answers may be seen by everybody, but for `finishExport`; shares, nonces,
 * presignatures and what the passkey gave are in none of its answers. Only `LockVaultApi`, in a wallet that has a server lock,
 * writes the wallet's seed where a script of the page finds it. Throws VaultError.
 */
export interface VaultApi extends Ed25519VaultApi, EcdsaVaultApi, LockVaultApi {
  /**
   * Derives the shares of an account, one for each scheme, from what the passkey's PRF gave (32 bytes, which are zero
   * afterwards) and keeps them. Throws MALFORMED.
   */
  unlock(of: {
    readonly prfFirst: ArrayBuffer;
    readonly accountId: string;
    readonly rpId: string;
  }): OpenedShares;
  /** Begins the export of a key of either scheme: makes a recipient for the relayer's share. */
  beginExport(of: Record<string, never>): Promise<{
    readonly exportId: number;
    /** X25519, 32 bytes. */
    readonly recipientPublicKey: Uint8Array;
  }>;
  /**
   * The whole private key, once: a scalar of 32 bytes, little-endian for Ed25519, big-endian for secp256k1. It is secret,
   * and has been compared with the public key. `info` is what the sealed share is bound to. Throws ROUND_SPENT, MALFORMED
   * for a share that cannot be opened, KEY_MISMATCH, and LOCKED unless the passkey unlocked the key's share between both calls.
   */
  finishExport(of: {
    readonly exportId: number;
    readonly keyId: string;
    readonly info: Uint8Array;
    readonly encapsulatedKey: Uint8Array;
    readonly sealedShare: Uint8Array;
  }): Promise<Uint8Array>;
  /** Erases all shares, nonces, runs, presignatures, seeds and passes. Sealed presignatures and envelopes stay in the store. */
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
  "heldEnvelopes",
  "beginEnvelope",
  "finishEnvelope",
  "beginOpening",
  "finishOpening",
  "abandonPass",
  "forgetEnvelopes",
  "beginExport",
  "finishExport",
  "lock",
] as const satisfies readonly (keyof VaultApi)[];
