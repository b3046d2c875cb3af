import type { WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import type { KeyCeremony, ShareId } from "./key-ceremony.ts";

/** A key of threshold-secp256k1-ecdsa-2p-v1 that exists: its name also holds the network. */
export interface KnownEcdsaKey {
  readonly shareId: ShareId;
  readonly keyId: string;
  readonly network: string;
  /** 33 bytes. */
  readonly relayerVerifyingShare: Uint8Array;
}

/** A signature as EVM chains take it: s is at most half of the order, and `recovery` finds the key again. */
export interface EcdsaSignature {
  /** 32 bytes. */
  readonly r: Uint8Array;
  /** 32 bytes. */
  readonly s: Uint8Array;
  readonly recovery: number;
}

/**
 * What the worker does for keys of threshold-secp256k1-ecdsa-2p-v1. Runs, presignatures and shares stay in it; a
 * presignature leaves it sealed alone, into the store. Throws VaultError.
 */
export interface EcdsaVaultApi {
  /** The client's proof of possession for a new key: 65 bytes. Throws LOCKED, MALFORMED. */
  proveEcdsa(of: { readonly shareId: ShareId; readonly ceremony: KeyCeremony }): Uint8Array;
  /**
   * Takes the key that the signer answered to the latest proof, once: after its own proof, and only when the key is made
   * of both shares. Throws LOCKED, NOTHING_TO_CONFIRM, RELAYER_PROOF_INVALID, KEY_MISMATCH.
   */
  confirmEcdsa(of: KnownEcdsaKey & { readonly relayerProof: Uint8Array }): void;
  /** Takes a key that was confirmed here before the page was loaded again. Throws LOCKED, KEY_MISMATCH. */
  adoptEcdsa(of: KnownEcdsaKey): void;

  /** Begins a presignature: the client's first flight. Throws LOCKED. */
  beginPresign(of: {
    readonly keyId: string;
  }): Promise<{ readonly runId: number; readonly flight: readonly WireMessage[] }>;
  /**
   * Takes the relayer's flight, once, and gives the client's next one; without one, the presignature is finished and in the
   * store. `presignatureId` is the relayer's name for it, empty until its last flight. After an error the run is over.
   * Throws ROUND_SPENT, LOCKED, PRESIGN_ABORTED, STORE_UNAVAILABLE.
   */
  advancePresign(of: {
    readonly runId: number;
    readonly flight: readonly WireMessage[];
    readonly presignatureId: Uint8Array;
  }): Promise<readonly WireMessage[]>;
  /** Ends a run wherever it is; its secrets are erased. */
  abandonPresign(of: { readonly runId: number }): void;

  /** The presignatures that the store holds for a key: SHA-256 of R, in base64url. Throws STORE_UNAVAILABLE. */
  heldPresignatures(of: { readonly keyId: string }): Promise<readonly string[]>;
  /** Deletes presignatures that the signer does not have. Throws STORE_UNAVAILABLE. */
  forgetPresignatures(of: { readonly keyId: string; readonly ids: readonly string[] }): Promise<void>;

  /**
   * Begins a signature of `digest` (32 bytes): takes a presignature out of the store for good. Undefined when there is
   * none. Throws LOCKED, MALFORMED, STORE_UNAVAILABLE.
   */
  beginEcdsa(of: { readonly keyId: string; readonly digest: Uint8Array }): Promise<
    | {
        readonly roundId: number;
        readonly presignatureId: Uint8Array;
        /** SHA-256 of the client's entropy. */
        readonly clientEntropyHash: Uint8Array;
      }
    | undefined
  >;
  /** The client's entropy, 32 bytes, once the relayer's is known. Throws ROUND_SPENT, MALFORMED. */
  revealEcdsa(of: {
    readonly roundId: number;
    readonly signingSessionId: string;
    /** 32 bytes. */
    readonly relayerEntropy: Uint8Array;
  }): Uint8Array;
  /**
   * The signature, of the relayer's message and the client's own share, verified; ends the round either way. Throws
   * ROUND_SPENT, RELAYER_SHARE_INVALID.
   */
  finishEcdsa(of: { readonly roundId: number; readonly message: Uint8Array }): EcdsaSignature;
  /** Ends a round wherever it is; its presignature is erased. */
  abandonEcdsa(of: { readonly roundId: number }): void;
}
