import type { KeyObject } from "node:crypto";

/** A public key as node:crypto imports it. */
export interface SpkiKey {
  readonly key: Uint8Array;
  readonly format: "der";
  readonly type: "spki";
}

/** What a thread is asked for: an Ed25519 signature over `data`, or whether the one that is there verifies. */
export type SignatureJob =
  | { readonly data: Uint8Array; readonly key: KeyObject; readonly signature?: never }
  | { readonly data: Uint8Array; readonly key: KeyObject | SpkiKey; readonly signature: Uint8Array };

/** A signature, whether one verifies, or why there is none. */
export type SignatureAnswer = Uint8Array | boolean | { readonly failure: string };
