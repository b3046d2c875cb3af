// The participants' places: participant i stands at x = i + 1, and a value is the line through both shares at x = 0.
import { multiplyScalars, ORDER, reduce } from "./scalar.ts";

/** 1 is the client, 2 the relayer. */
export type Participant = 1 | 2;

interface Place {
  readonly peer: Participant;
  /** x, as a scalar. */
  readonly x: Uint8Array;
  /** The factor λ of the participant's share in the sum of both. */
  readonly lambda: Uint8Array;
  /** 1/λ */
  readonly inverseLambda: Uint8Array;
}

export const PLACES: Readonly<Record<Participant, Place>> = {
  1: { peer: 2, x: reduce(2n), lambda: reduce(3n), inverseLambda: reduce((2n * ORDER + 1n) / 3n) },
  2: { peer: 1, x: reduce(3n), lambda: reduce(-2n), inverseLambda: reduce(-(ORDER + 1n) / 2n) },
};

/** The protocol's share, 32 bytes, of the participant's half of the sum that is the key. */
export function protocolShare(participant: Participant, additiveShare: Uint8Array): Uint8Array {
  return multiplyScalars(additiveShare, PLACES[participant].inverseLambda);
}
