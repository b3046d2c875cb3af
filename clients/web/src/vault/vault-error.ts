import { BadInput } from "@countersign/crypto/bad-input.ts";

/** Why the vault refuses. */
export type VaultRefusal =
  /** There is no such share here: the vault was locked, or the page is another one. */
  | "LOCKED"
  /** An input is no canonical encoding, or of a size that the vault does not take. */
  | "MALFORMED"
  /** No proof was made before, or it was answered already. */
  | "NOTHING_TO_CONFIRM"
  /** The relayer did not prove that it holds its share. */
  | "RELAYER_PROOF_INVALID"
  /** The key's name, its shares and the relayer's public share do not belong together. */
  | "KEY_MISMATCH"
  /** The round is unknown, answered or over: its nonces are gone. */
  | "ROUND_SPENT"
  /** The relayer's signature share or its signature does not hold. */
  | "RELAYER_SHARE_INVALID"
  /** A message of the relayer's does not hold: the run and all that was made in it is gone. */
  | "PRESIGN_ABORTED"
  /** The vault is one of a wallet without a server lock. */
  | "NO_LOCK"
  /** A relay's answer to a lock's pass does not hold: another lock's, or none at all. */
  | "LOCK_ANSWER_INVALID"
  /** The envelope opens with no answer: it was altered, or is of another account. It is deleted. */
  | "ENVELOPE_UNUSABLE"
  /** The store of presignatures or of envelopes does not answer. */
  | "STORE_UNAVAILABLE";

/** What the vault throws. The message holds nothing secret. */
export class VaultError extends Error {
  override readonly name = "VaultError";
  readonly refusal: VaultRefusal;

  constructor(refusal: VaultRefusal, message: string) {
    super(message);
    this.refusal = refusal;
  }
}

/** LOCKED. */
export function locked(): VaultError {
  return new VaultError("LOCKED", "the vault does not hold this: use the passkey");
}

/** ROUND_SPENT. */
export function spent(): VaultError {
  return new VaultError("ROUND_SPENT", "the round is answered or over: begin another one");
}

/** BadInput as MALFORMED; everything else as it is. */
export function malformed(error: unknown): unknown {
  return error instanceof BadInput ? new VaultError("MALFORMED", error.message) : error;
}
