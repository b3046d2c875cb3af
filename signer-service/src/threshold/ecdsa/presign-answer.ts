import type { WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import type { Presign, PresignStage, PresignStep } from "./ecdsa-store.ts";
import { decodeFlight } from "./flight.ts";
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

/** A step as the store keeps it: its answer is the flight, after the presignature's id where there is one. */
export function stepOf(flightHash: Uint8Array, progress: PresignProgress): PresignStep {
  const { stage, state, flight, presignature } = progress;
  const answer = presignature === undefined ? flight : Buffer.concat([presignature.id, flight]);
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
