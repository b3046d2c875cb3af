import { wipe } from "./wipe.ts";

/** What a signature takes of a presignature. */
export interface SigningValues {
  /** R, 33 bytes. */
  readonly bigR: Uint8Array;
  /** This side's share of k, 32 bytes, secret. */
  readonly k: Uint8Array;
  /** This side's share of k·x, 32 bytes, secret. */
  readonly sigma: Uint8Array;
}

/** For one signature, on both sides. */
export interface Presignature extends SigningValues {
  /** Its name on both sides: SHA-256 of `bigR`. */
  readonly id: Uint8Array;
}

/** Erases what is secret in a presignature, or in its rerandomised values. */
export function wipePresignature({ k, sigma }: SigningValues): void {
  wipe([k, sigma]);
}
