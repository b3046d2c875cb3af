import type { KeyObject } from "node:crypto";

/** A public key as node:crypto imports it. */
export interface SpkiKey {
  readonly key: Uint8Array;
  readonly format: "der";
  readonly type: "spki";
}

/** An Ed25519 key that signs, with its public half. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** An Ed25519 signature over `data`, which is verified before it is answered. */
export interface SignJob {
  readonly data: Uint8Array;
  readonly keys: KeyPair;
  readonly signature?: never;
}

/** Whether the Ed25519 signature that is there verifies. */
export interface VerifyJob {
  readonly data: Uint8Array;
  readonly key: KeyObject | SpkiKey;
  readonly signature: Uint8Array;
}

/** What a thread is asked for. */
export type SignatureJob = SignJob | VerifyJob;

/** A signature, whether one verifies (false, too, for one that was made and does not), or why there is none. */
export type SignatureAnswer = Uint8Array | boolean | { readonly failure: string };
