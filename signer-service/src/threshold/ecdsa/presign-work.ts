import type { WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import type { PoolEntry, PresignStage } from "./ecdsa-store.ts";

/** One step of the relayer's half of a presignature. Who takes the job wipes what is secret in it. */
export interface PresignJob {
  /** The relayer's share of the key, 32 bytes; secret. */
  readonly share: Uint8Array;
  /** The key, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** What the last step left; secret. Absent for the first one. */
  readonly state?: Uint8Array;
  /** The client's flight. */
  readonly flight: readonly WireMessage[];
}

/** What came of a step. Whoever asked wipes what is secret in it. */
export interface PresignProgress {
  readonly stage: PresignStage;
  /** For the next step; secret. Empty after the last one. */
  readonly state: Uint8Array;
  /** The relayer's flight. */
  readonly flight: readonly WireMessage[];
  /** After the last step, and then only. */
  readonly presignature?: PoolEntry;
}

/** Does the heavy part of presigning. */
export interface PresignWork {
  /** Throws ProtocolAbort for a flight that ends the run: then nothing of it may be used again. */
  advance(job: PresignJob): Promise<PresignProgress>;
}
