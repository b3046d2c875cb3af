import { createHash } from "node:crypto";
import { lp } from "@countersign/crypto/length-prefixed.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type Caller, isOwn } from "../caller.ts";
import { brokenKey, useRelayerHalf } from "../keys/relayer-half.ts";
import { thresholdEd25519Frost as frost } from "../schemes/threshold-ed25519-frost/threshold-ed25519-frost.ts";
import { servedTenant } from "../served-tenant.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { SigningSession, SigningSessionStanding, ThresholdKeyRecord } from "../threshold-store.ts";
import { digestMismatch } from "./digest-mismatch.ts";

/** What a wallet sends to end a signature. */
export interface SecondRound {
  readonly signingSessionId: string;
  readonly keyId: string;
  readonly digest: Uint8Array;
  /** The scheme's second message of the client. */
  readonly clientMessage: Uint8Array;
}

/**
 * Ends a signature: the scheme's last message of the relayer, in which the signature is. The client's share is verified
 * before the relayer's is computed, and a wrong one burns the run; what another caller or another digest asks for
 * burns nothing. The nonces are used up durably before the answer leaves, and the identical call gets the identical
 * bytes again.
 *
 * Throws SIGNING_SESSION_STALE, DIGEST_MISMATCH, ROUND_MESSAGE_INVALID, SIGNATURE_SHARE_INVALID,
 * MASTER_SECRET_UNAVAILABLE, THRESHOLD_KEY_BROKEN and THRESHOLD_DISABLED.
 */
export async function signFinalize(
  parts: ThresholdParts,
  caller: Caller,
  round: SecondRound,
): Promise<Uint8Array> {
  const { store, config, now } = parts;
  servedTenant(config(), caller.tenant);
  const { signingSessionId: id, clientMessage } = round;
  const standing = await store.signing(id, now());
  assertOwn(standing, caller, round);
  const messageHash = hashOf(round);
  if (standing.stage !== "open") return answerAgain(standing, messageHash);

  const { session } = standing;
  try {
    const record = await store.key(session.keyId);
    if (record === undefined) throw brokenKey();
    if (record.schemeId !== frost.id) throw brokenKey();
    const isRight = await verifyClient(parts, record, session, clientMessage);
    if (!isRight) {
      throw new DomainError(
        ErrorReason.SIGNATURE_SHARE_INVALID,
        "the client's signature share does not verify; the signing session is burnt",
      );
    }
    const answer = await useRelayerHalf(parts, record, (half) =>
      frost.finish(half, session.digest, session.state, clientMessage),
    );
    if (await store.finishSigning(id, messageHash, answer, now())) return answer;
    return answerAgain(await store.signing(id, now()), messageHash);
  } finally {
    session.state.fill(0);
  }
}

/** Whether the client's share is right. Burns the run when it is not, or is no share at all. */
async function verifyClient(
  { store }: ThresholdParts,
  record: ThresholdKeyRecord,
  { id, digest, state }: SigningSession,
  clientMessage: Uint8Array,
): Promise<boolean> {
  let isRight = false;
  try {
    isRight = frost.verifyClient(record, digest, state, clientMessage);
  } finally {
    if (!isRight) await store.burnSigning(id);
  }
  return isRight;
}

function assertOwn(
  standing: SigningSessionStanding | undefined,
  caller: Caller,
  { keyId, digest }: SecondRound,
): asserts standing is SigningSessionStanding {
  if (standing === undefined) throw stale();
  const { session } = standing;
  if (!isOwn(caller, session.owner) || session.keyId !== keyId) throw stale();
  if (Buffer.compare(session.digest, digest) !== 0) throw digestMismatch();
}

/** What a run that is not open any more answers: the same as before to the same message. */
function answerAgain(standing: SigningSessionStanding | undefined, messageHash: Uint8Array): Uint8Array {
  if (standing?.stage !== "done" || Buffer.compare(standing.messageHash, messageHash) !== 0) throw stale();
  return standing.answer;
}

function hashOf({ signingSessionId, keyId, digest, clientMessage }: SecondRound): Uint8Array {
  const parts = lp(Buffer.from(signingSessionId), Buffer.from(keyId), digest, clientMessage);
  return createHash("sha256").update(parts).digest();
}

function stale(): DomainError {
  return new DomainError(
    ErrorReason.SIGNING_SESSION_STALE,
    "the signing session is unknown, over its time, burnt, finished with other bytes, or another one's",
  );
}
