import { randomUUID } from "node:crypto";
import type { WireMessage } from "@countersign/crypto/ot-ecdsa/presign-run.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { assertPurpose, usableSession } from "../authorize/session-authority.ts";
import type { Caller } from "../caller.ts";
import { EVM_PURPOSES } from "../intents/intent.ts";
import { shortlyAfter, type ThresholdParts } from "../threshold-parts.ts";
import type { NewPresign, PresignStep } from "./ecdsa-store.ts";
import { encodeFlight, flightHash } from "./flight.ts";
import { ownedEcdsaKey } from "./owned-ecdsa-key.ts";
import { advancePresign, presignAborted } from "./presign-advance.ts";
import { answerOf, type PresignAnswer, stepOf } from "./presign-answer.ts";

/** What a wallet sends to begin a presignature. */
export interface FirstFlight {
  readonly keyId: string;
  readonly sessionToken: string;
  readonly flight: readonly WireMessage[];
}

export interface BegunPresign extends PresignAnswer {
  readonly id: string;
  readonly expiresAt: Date;
}

/** The version that a session has when it is paid for and nothing is answered. */
const OPENED = 1;
const NOTHING = new Uint8Array();
const DAY_MS = 86_400_000;

/**
 * Begins a presignature: it is paid for, then computed, then kept, and then the answer leaves. Throws
 * THRESHOLD_KEY_NOT_FOUND, THRESHOLD_SESSION_INVALID, THRESHOLD_SESSION_EXPIRED, THRESHOLD_PURPOSE_NOT_ALLOWED,
 * PRESIGN_BUSY, PRESIGN_BUDGET_EXHAUSTED, PRESIGNATURE_POOL_FULL, THRESHOLD_DISABLED, and what `advancePresign` throws.
 */
export async function presignInit(
  parts: ThresholdParts,
  caller: Caller,
  { keyId, sessionToken, flight }: FirstFlight,
): Promise<BegunPresign> {
  const { ecdsa, config, now } = parts;
  const record = await ownedEcdsaKey(parts, caller, keyId);
  const usable = () => usableSession(parts, caller, record, sessionToken);
  const session = await usable();
  assertPurpose(session, EVM_PURPOSES);
  const { presign: limits } = config();
  return parts.presignRooms.within(caller, limits, async () => {
    const { tenant, user, epoch } = record;
    const expiresAt = shortlyAfter(now());
    const presign: NewPresign = {
      id: randomUUID(),
      owner: { tenant, user },
      keyId,
      epoch,
      tokenHash: session.tokenHash,
      expiresAt,
    };
    const encoded = encodeFlight(flight);
    const hash = flightHash(encoded);
    const paid: PresignStep = { stage: "triples", flightHash: hash, answer: NOTHING, state: NOTHING };
    const outcome = await ecdsa.openPresign(presign, paid, limits, now());
    if (outcome === "pool full") throw poolFull(limits.capacity);
    if (outcome === "day spent") throw spent("day", DAY_MS - (now().getTime() % DAY_MS));
    if (outcome === "session spent") {
      // Unless it has ended in the meantime.
      const { expiresAt: ends } = await usable();
      throw spent("session", ends.getTime() - now().getTime());
    }

    let step = paid;
    try {
      const isKept = await advancePresign(parts, record, { id: presign.id }, encoded, async (progress) => {
        step = stepOf(hash, progress);
        return ecdsa.stepPresign(presign, OPENED, step, now());
      });
      if (!isKept) throw await presignAborted(parts, presign.id, "the first step took too long");
    } catch (error) {
      // Nobody learns its id: it would only take a place in the pool for a minute.
      await ecdsa.abortPresign(presign.id).catch(() => undefined);
      throw error;
    }
    return { id: presign.id, expiresAt, ...answerOf({ version: OPENED + 1, step }) };
  });
}

function poolFull(capacity: number): DomainError {
  const message = `the key's pool has ${capacity} presignatures, those that are being made among them`;
  return new DomainError(ErrorReason.PRESIGNATURE_POOL_FULL, message);
}

/** The wait is until it is over: before that nothing of it comes back. */
function spent(what: "session" | "day", retryAfterMs: number): DomainError {
  const message = `the ${what}'s presignatures are spent`;
  return new DomainError(ErrorReason.PRESIGN_BUDGET_EXHAUSTED, message, { subject: what, retryAfterMs });
}
