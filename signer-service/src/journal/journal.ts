import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";

/** What a transaction is for, as the signer derived it from its bytes. */
export type Purpose = "DELEGATE" | "ACCOUNT_CREATION" | "KEY_MANAGEMENT" | "TRANSFER";

/** The relay's grant for one transaction, verified. `id` is 16 bytes. */
export interface JournalGrant {
  readonly id: Uint8Array;
  readonly expiresAt: Date;
  /** Empty for the relay's own business, as is the submission's id. */
  readonly tenant: string;
  readonly submissionId: string;
}

/** A transaction that passed every other check and is to be signed. */
export interface JournalRequest {
  readonly keyId: string;
  readonly network: string;
  readonly accountId: string;
  /** In text, for example "ed25519:…". */
  readonly publicKey: string;
  readonly nonce: bigint;
  /** SHA-256 of the unsigned transaction, 32 bytes. */
  readonly payloadHash: Uint8Array;
  readonly purpose: Purpose;
  /** Null where the signer asks for no grants. */
  readonly grant: JournalGrant | null;
  /** yoctoNEAR that the transaction moves, and the most that the key may move in a day (UTC). */
  readonly deposit: bigint;
  readonly depositPerDay: bigint;
  /** The most gas that the transaction can cost, and the most that the key's transactions of a day (UTC) may. */
  readonly gas: bigint;
  readonly gasPerDay: bigint;
  readonly requestId: string;
  /** Who asked: the peer's identity, or "unix". */
  readonly peer: string;
}

/** What the journal says to a request. */
export type JournalAnswer =
  /** The nonce is this payload's from now on: sign it, and record the signature. */
  | { readonly kind: "reserved" }
  /** The same payload was signed before: this is its signature. */
  | { readonly kind: "signed"; readonly signature: Uint8Array }
  | { readonly kind: "refused"; readonly reason: ErrorReason; readonly message: string };

/** A signature that was made for a reservation, and that verifies. */
export interface MadeSignature {
  readonly publicKey: string;
  readonly nonce: bigint;
  readonly payloadHash: Uint8Array;
  readonly signature: Uint8Array;
}

/** Decides, once and durably, which payload a nonce of a key belongs to. */
export interface Journal {
  /**
   * Answers each request in its order, once all of it is on disk: a refused one does not stop the others. Of two
   * payloads for one nonce the first wins, within one call too. Throws SIGNER_STORE_UNAVAILABLE; then nothing, or
   * everything, was reserved. A payload that was reserved before, and is not signed yet, needs a floor below its nonce
   * and a key that is active or drained.
   */
  reserve(requests: readonly JournalRequest[]): Promise<JournalAnswer[]>;
  /**
   * Keeps signatures and gives the ones to release, in their order, once they are on disk: where two calls signed one
   * payload, the one that was kept first. Throws SIGNER_STORE_UNAVAILABLE, also when a repair has given a nonce away
   * since it was reserved: asked again, `reserve` says which.
   */
  record(signatures: readonly MadeSignature[]): Promise<Uint8Array[]>;
}
