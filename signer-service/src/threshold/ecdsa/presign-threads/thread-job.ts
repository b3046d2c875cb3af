import type { PoolEntry, PresignStage } from "../ecdsa-store.ts";

/** What a thread is given. Its bytes are moved there, not copied. */
export interface ThreadJob {
  readonly share: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly state: Uint8Array | null;
  /** Encoded. */
  readonly flight: Uint8Array;
}

/** What it answers with: the next state, or why there is none. */
export type ThreadAnswer =
  | {
      readonly kind: "advanced";
      readonly stage: PresignStage;
      readonly state: Uint8Array;
      /** Encoded. */
      readonly flight: Uint8Array;
      readonly presignature: PoolEntry | null;
    }
  /** A ProtocolAbort. */
  | { readonly kind: "aborted"; readonly message: string }
  /** Another error. */
  | { readonly kind: "failed"; readonly message: string };

/** The memory of these bytes, which each must have for itself, for the transfer list of a message. */
export function memoryOf(bytes: readonly (Uint8Array | null | undefined)[]): ArrayBuffer[] {
  return bytes.flatMap((one) => (one?.buffer instanceof ArrayBuffer ? [one.buffer] : []));
}
