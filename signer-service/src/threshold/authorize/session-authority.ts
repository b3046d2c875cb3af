import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type Caller, isOwn } from "../caller.ts";
import type { Purpose } from "../intents/intent.ts";
import { tokenHashOf } from "../sessions/session-token.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { ThresholdKeyRecord, ThresholdSession } from "../threshold-store.ts";

type Parts = Pick<ThresholdParts, "store" | "now">;

/**
 * The session of a token: it is the caller's, for this key, and not over. Throws THRESHOLD_SESSION_INVALID and
 * THRESHOLD_SESSION_EXPIRED.
 */
export async function usableSession(
  { store, now }: Parts,
  caller: Caller,
  { keyId }: ThresholdKeyRecord,
  token: string,
): Promise<ThresholdSession> {
  const tokenHash = tokenHashOf(token);
  if (tokenHash === undefined) throw invalid();
  const session = await store.session(tokenHash);
  if (session === undefined || !isOwn(caller, session.owner) || session.keyId !== keyId) throw invalid();
  if (isOver(session, now())) throw expired();
  return session;
}

/** Throws THRESHOLD_PURPOSE_NOT_ALLOWED for a session that is for none of these purposes. */
export function assertPurpose({ purposes }: ThresholdSession, wanted: readonly Purpose[]): void {
  if (wanted.some((purpose) => purposes.includes(purpose))) return;
  throw new DomainError(
    ErrorReason.THRESHOLD_PURPOSE_NOT_ALLOWED,
    "the threshold session is not for payloads of this kind",
  );
}

/** Why a session that was usable did not give its uses. */
export async function usesRefused({ store, now }: Parts, tokenHash: string): Promise<DomainError> {
  const session = await store.session(tokenHash);
  if (session === undefined) return invalid();
  if (isOver(session, now())) return expired();
  return new DomainError(
    ErrorReason.THRESHOLD_SESSION_EXHAUSTED,
    "the threshold session has not as many uses left",
  );
}

function isOver({ expiresAt }: ThresholdSession, now: Date): boolean {
  return expiresAt.getTime() <= now.getTime();
}

function invalid(): DomainError {
  return new DomainError(
    ErrorReason.THRESHOLD_SESSION_INVALID,
    "the token is not one of a threshold session of this user and key",
  );
}

function expired(): DomainError {
  return new DomainError(ErrorReason.THRESHOLD_SESSION_EXPIRED, "the threshold session's time is over");
}
