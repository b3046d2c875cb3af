import type { KeyObject } from "node:crypto";

/** An Ed25519 key that signs, with its public half of 32 bytes. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: Uint8Array;
}

/** An Ed25519 signature over `data`, which is verified before it is answered. */
export interface SignJob {
  readonly data: Uint8Array;
  readonly keys: KeyPair;
  readonly signature?: never;
}

/** Whether the signature that is there is the Ed25519 key's of 32 bytes. */
export interface VerifyJob {
  readonly data: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly signature: Uint8Array;
}

/** What a thread is asked for. */
export type SignatureJob = SignJob | VerifyJob;

/** A signature, whether one verifies (false, too, for one that was made and does not), or why there is none. */
export type SignatureAnswer = Uint8Array | boolean | { readonly failure: string };
