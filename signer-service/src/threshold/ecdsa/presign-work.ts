import type { PoolEntry, PresignStage } from "./ecdsa-store.ts";

/**
 * One step of the relayer's half of a presignature. Who takes the job wipes what is secret in it. State and flight, which are
 * large, have memory of their own, and may be moved to a thread: they are empty here then.
 */
export interface PresignJob {
  /** The relayer's share of the key, 32 bytes; secret. */
  readonly share: Uint8Array;
  /** The key, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** What the last step left; secret. Absent for the first one. */
  readonly state?: Uint8Array;
  /** The client's flight, as `encodeFlight` has it. */
  readonly flight: Uint8Array;
}

/** What came of a step. Whoever asked wipes what is secret in it. */
export interface PresignProgress {
  readonly stage: PresignStage;
  /** For the next step; secret. Empty after the last one. */
  readonly state: Uint8Array;
  /** The relayer's flight, as `encodeFlight` has it. */
  readonly flight: Uint8Array;
  /** After the last step, and then only. */
  readonly presignature?: PoolEntry;
}

/** Wipes what may have been moved to a thread: then it is gone from here, and cannot be written to. */
export function wipeUnlessMoved(bytes: Uint8Array | undefined): void {
  if (bytes !== undefined && bytes.length > 0) bytes.fill(0);
}

/** Does the heavy part of presigning. */
export interface PresignWork {
  /** Throws ProtocolAbort for a flight that ends the run: then nothing of it may be used again. */
  advance(job: PresignJob): Promise<PresignProgress>;
}
