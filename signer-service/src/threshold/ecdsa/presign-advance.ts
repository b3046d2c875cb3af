import { ProtocolAbort } from "@countersign/crypto/ot-ecdsa/protocol-abort.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { useRelayerHalf } from "../keys/relayer-half.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { ThresholdKeyRecord } from "../threshold-store.ts";
import { type PresignProgress, wipeUnlessMoved } from "./presign-work.ts";

/** What of a presign session a step goes on from. */
export interface PresignBefore {
  readonly id: string;
  /** Secret; it is wiped. Absent while nothing was answered. */
  readonly state?: Uint8Array;
}

/**
 * Has a step of a presign session computed for an encoded flight and gives it to `keep`, which says whether it was the
 * first to go on from that version: otherwise it is false, and nothing may leave. The relayer's share is derived for this
 * step alone. What ends the run burns the session, and all that it made. Throws PRESIGN_ABORTED,
 * MASTER_SECRET_UNAVAILABLE and THRESHOLD_KEY_BROKEN.
 */
export async function advancePresign(
  parts: ThresholdParts,
  record: ThresholdKeyRecord,
  { id, state }: PresignBefore,
  flight: Uint8Array,
  keep: (progress: PresignProgress) => Promise<boolean>,
): Promise<boolean> {
  try {
    const progress = await useRelayerHalf(parts, record, ({ share, publicKey }) =>
      parts.presignWork.advance({ share, publicKey, flight, ...(state && { state }) }),
    );
    try {
      return await keep(progress);
    } finally {
      progress.state.fill(0);
      progress.presignature?.state.fill(0);
    }
  } catch (error) {
    if (!(error instanceof ProtocolAbort)) throw error;
    throw await presignAborted(parts, id, "a protocol message does not hold", error);
  } finally {
    wipeUnlessMoved(state);
  }
}

/** Burns a presign session: PRESIGN_ABORTED. */
export async function presignAborted(
  { ecdsa }: Pick<ThresholdParts, "ecdsa">,
  id: string,
  why: string,
  cause?: unknown,
): Promise<DomainError> {
  await ecdsa.abortPresign(id);
  const message = `${why}; the presign session is burnt`;
  return new DomainError(ErrorReason.PRESIGN_ABORTED, message, { cause });
}
