import type { WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import type { Presign, PresignStage, PresignStep } from "./ecdsa-store.ts";
import { decodeFlight, encodeFlight } from "./flight.ts";
import type { PresignProgress } from "./presign-work.ts";

/** What a step of presigning answers. */
export interface PresignAnswer {
  /** What the next step names. */
  readonly version: number;
  readonly stage: PresignStage;
  readonly flight: readonly WireMessage[];
  /** Of a finished one, 32 bytes; else empty. */
  readonly presignatureId: Uint8Array;
}

const ID_BYTES = 32;
const NOTHING = new Uint8Array();

/** A step as the store keeps it: its answer is the presignature's id, if there is one, and the flight. */
export function stepOf(flightHash: Uint8Array, progress: PresignProgress): PresignStep {
  const { stage, state, flight, presignature } = progress;
  const answer = Buffer.concat([presignature?.id ?? NOTHING, encodeFlight(flight)]);
  return { stage, flightHash, answer, state };
}

/** What the last step of a session has answered. */
export function answerOf({ version, step }: Pick<Presign, "version" | "step">): PresignAnswer {
  const { stage, answer } = step;
  const size = stage === "done" ? ID_BYTES : 0;
  return {
    version,
    stage,
    flight: decodeFlight(answer.subarray(size)),
    presignatureId: answer.subarray(0, size),
  };
}
