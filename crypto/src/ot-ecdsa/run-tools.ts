import type { PointBackend } from "./point-backend.ts";

/**
 * Gives `size` bytes of a cryptographic generator; who asks wipes them. `purpose` says what they are for ("e",
 * "dlog0.nonce", "rot.x@7d092b97": after the @ the first four bytes of a channel's tag), so that a recorded run can be
 * replayed.
 */
export type Randomness = (purpose: string, size: number) => Uint8Array;

/** What a run needs from its platform. */
export interface RunTools {
  readonly points: PointBackend;
  readonly random: Randomness;
  /** Lets others run, in long loops. */
  readonly pause: () => Promise<void>;
}
