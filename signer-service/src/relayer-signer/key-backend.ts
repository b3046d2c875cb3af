import type { PublicKey } from "@countersign/near";

/** A key as the signer knows it; nothing in it is secret. */
export interface RelayerKey {
  /** Identifier within the signer, for example "relayer-1". */
  readonly keyId: string;
  /** The one network that the key belongs to. */
  readonly network: string;
  /** The account whose access key it is. */
  readonly accountId: string;
  readonly publicKey: PublicKey;
}

/** Where one secret key lives. Implementations are named after the place. */
export interface KeyBackend {
  /** The kind of place and what finds the key there, for logs; nothing secret. */
  describe(): string;
  /** The key's public half. Asked once, at start. */
  publicKey(): Promise<PublicKey>;
  /**
   * Signs a 32-byte hash: 64 bytes for ed25519, 65 (r, s, v) for secp256k1. The caller verifies what comes
   * back, so that a broken backend releases nothing.
   */
  sign(hash: Uint8Array): Promise<Uint8Array>;
  /**
   * Set by a place in this process whose `sign` has itself verified what it gives, and throws SIGNER_SELF_CHECK_FAILED
   * for what does not verify: it is not done again.
   */
  readonly verifiesItself?: true;
}

/** A key's metadata together with the place that holds its secret half. */
export interface HeldKey {
  readonly keyId: string;
  readonly network: string;
  readonly accountId: string;
  readonly backend: KeyBackend;
}
