import type { LockAnswer, LockJob } from "../lock-work.ts";

/** What a thread is given: copies, which it wipes. */
export interface LockThreadJob extends LockJob {
  /** The proof's nonce comes of these random bytes. Secret. */
  readonly nonce: Uint8Array;
}

/** What it answers with. */
export type LockThreadAnswer =
  | (LockAnswer & { readonly kind: "done" })
  /** What was sent is no element of the suite. */
  | { readonly kind: "refused"; readonly message: string }
  /** Another error. */
  | { readonly kind: "failed"; readonly message: string };
