import type { WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type Caller, isOwn } from "../caller.ts";
import { brokenKey } from "../keys/relayer-half.ts";
import { servedTenant } from "../served-tenant.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { Presign } from "./ecdsa-store.ts";
import { encodeFlight, flightHash } from "./flight.ts";
import { advancePresign, presignAborted } from "./presign-advance.ts";
import { answerOf, type PresignAnswer, stepOf } from "./presign-answer.ts";
import { wipeUnlessMoved } from "./presign-work.ts";

/** What a wallet sends to go on with a presignature. */
export interface NextFlight {
  readonly presignSessionId: string;
  readonly keyId: string;
  /** What the last answer named. */
  readonly version: number;
  readonly flight: readonly WireMessage[];
}

/**
 * Goes on with a presignature; any signer of the database can. A flight that was answered gets the same answer again, and
 * another one in its place burns the session: no two runs have the same secrets. Throws PRESIGN_SESSION_INVALID,
 * PRESIGN_SESSION_SCOPE_MISMATCH, STALE_SESSION_STATE, PRESIGN_ABORTED, PRESIGN_BUSY, MASTER_SECRET_UNAVAILABLE,
 * THRESHOLD_KEY_BROKEN and THRESHOLD_DISABLED.
 */
export async function presignStep(
  parts: ThresholdParts,
  caller: Caller,
  wanted: NextFlight,
): Promise<PresignAnswer> {
  servedTenant(parts.config(), caller.tenant);
  return parts.presignTurns.inTurn(wanted.presignSessionId, () => inTurn(parts, caller, wanted));
}

async function inTurn(
  parts: ThresholdParts,
  caller: Caller,
  { presignSessionId, keyId, version, flight }: NextFlight,
): Promise<PresignAnswer> {
  const { store, ecdsa, config, now } = parts;
  const presign = await ecdsa.presign(presignSessionId, version, now());
  try {
    assertOwn(presign, caller, keyId);
    const { id, step } = presign;
    const encoded = encodeFlight(flight);
    const hash = flightHash(encoded);
    if (version === presign.version - 1) {
      if (Buffer.compare(hash, step.flightHash) === 0) return answerOf(presign);
      throw await presignAborted(parts, id, "this step was answered for other messages");
    }
    if (version !== presign.version) throw staleState(version);
    if (step.stage === "done") throw invalid();
    const record = await store.key(presign.keyId);
    if (record === undefined) throw brokenKey();
    return await parts.presignRooms.within(caller, config().presign, async () => {
      let next = step;
      const before = { id, state: step.state };
      const isFirst = await advancePresign(parts, record, before, encoded, async (progress) => {
        next = stepOf(hash, progress);
        const { presignature } = progress;
        return presignature === undefined
          ? ecdsa.stepPresign(presign, version, next, now())
          : ecdsa.finishPresign(presign, version, next, presignature, now());
      });
      if (!isFirst) throw staleState(version);
      return answerOf({ version: version + 1, step: next });
    });
  } finally {
    wipeUnlessMoved(presign?.step.state);
  }
}

function assertOwn(presign: Presign | undefined, caller: Caller, keyId: string): asserts presign is Presign {
  if (presign === undefined) throw invalid();
  if (isOwn(caller, presign.owner) && presign.keyId === keyId) return;
  throw new DomainError(
    ErrorReason.PRESIGN_SESSION_SCOPE_MISMATCH,
    "the presign session is another user's, or another key's",
  );
}

function staleState(version: number): DomainError {
  return new DomainError(
    ErrorReason.STALE_SESSION_STATE,
    `the presign session is not at version ${version}, or another call goes on from there`,
  );
}

function invalid(): DomainError {
  return new DomainError(
    ErrorReason.PRESIGN_SESSION_INVALID,
    "the presign session is unknown, over its time, finished or burnt",
  );
}
