import type { Commitments } from "@countersign/crypto/frost-ed25519.ts";
import type { KeyCeremony, ShareId } from "./key-ceremony.ts";

/** A key that exists: which share it is made of, and the relayer's public share (32 bytes). */
export interface KnownKey {
  readonly shareId: ShareId;
  readonly keyId: string;
  readonly relayerVerifyingShare: Uint8Array;
}

/** What the worker does for keys of threshold-ed25519-frost-2p-v1. Throws VaultError. */
export interface Ed25519VaultApi {
  /** The client's proof of possession for a new key: 64 bytes. Throws LOCKED, MALFORMED. */
  prove(of: { readonly shareId: ShareId; readonly ceremony: KeyCeremony }): Uint8Array;
  /**
   * Takes the key that the signer answered to the latest proof, once: after its own proof, and only when the key is made
   * of both shares. Throws LOCKED, NOTHING_TO_CONFIRM, RELAYER_PROOF_INVALID, KEY_MISMATCH.
   */
  confirm(of: KnownKey & { readonly relayerProof: Uint8Array }): void;
  /** Takes a key that was confirmed here before the page was loaded again. Throws LOCKED, KEY_MISMATCH. */
  adopt(of: KnownKey): void;
  /** Begins a signature of `digest` (32 bytes): makes nonces for it. Throws LOCKED, MALFORMED. */
  commit(of: { readonly keyId: string; readonly digest: Uint8Array }): {
    readonly roundId: number;
    readonly commitments: Commitments;
  };
  /**
   * The signature share, 32 bytes, once a round. The nonces are erased before it is given, and also when it is refused.
   * Throws ROUND_SPENT, KEY_MISMATCH, MALFORMED.
   */
  answer(of: {
    readonly roundId: number;
    readonly relayerCommitments: Commitments;
    readonly relayerVerifyingShare: Uint8Array;
  }): Uint8Array;
  /**
   * The signature, 64 bytes, once the relayer's share and the whole are verified; ends the round either way. Throws
   * ROUND_SPENT, RELAYER_SHARE_INVALID.
   */
  finish(of: {
    readonly roundId: number;
    readonly relayerSignatureShare: Uint8Array;
    readonly signature: Uint8Array;
  }): Uint8Array;
  /** Ends a round wherever it is; its nonces are erased. */
  abandon(of: { readonly roundId: number }): void;
}
