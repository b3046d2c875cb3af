import { randomUUID } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type Caller, isOwn } from "../caller.ts";
import { brokenKey, useRelayerHalf } from "../keys/relayer-half.ts";
import { thresholdEd25519Frost as frost } from "../schemes/threshold-ed25519-frost/threshold-ed25519-frost.ts";
import { servedTenant } from "../served-tenant.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import { digestMismatch } from "./digest-mismatch.ts";

/** What a wallet sends to begin a signature. */
export interface FirstRound {
  readonly requestId: string;
  readonly keyId: string;
  readonly digest: Uint8Array;
  /** The scheme's first message of the client. */
  readonly clientMessage: Uint8Array;
}

export interface BegunSignature {
  readonly signingSessionId: string;
  readonly relayerMessage: Uint8Array;
  readonly relayerVerifyingShare: Uint8Array;
}

/** How often a signing request may begin: answers get lost. Each run burns the ones before it. */
const MAX_RUNS = 5;

/**
 * Begins a signature with nonces that are made here, for this run alone. Throws SIGNING_REQUEST_INVALID,
 * DIGEST_MISMATCH, ROUND_MESSAGE_INVALID, MASTER_SECRET_UNAVAILABLE, THRESHOLD_KEY_BROKEN and THRESHOLD_DISABLED.
 */
export async function signInit(
  parts: ThresholdParts,
  caller: Caller,
  { requestId, keyId, digest, clientMessage }: FirstRound,
): Promise<BegunSignature> {
  const { store, config, now, random } = parts;
  servedTenant(config(), caller.tenant);
  const request = await store.request(requestId, now());
  if (request === undefined || !isOwn(caller, request.owner) || request.keyId !== keyId) throw invalid();
  if (Buffer.compare(request.digest, digest) !== 0) throw digestMismatch();
  const record = await store.key(keyId);
  if (record === undefined) throw brokenKey();
  if (record.schemeId !== frost.id) throw invalid();
  const { state, message } = await useRelayerHalf(parts, record, (half) =>
    frost.begin(half, request.digest, clientMessage, random),
  );
  try {
    const { owner, expiresAt } = request;
    const session = { id: randomUUID(), requestId, owner, keyId, digest: request.digest, expiresAt, state };
    if (!(await store.openSigning(session, MAX_RUNS, now()))) throw invalid();
    const { relayerVerifyingShare } = record;
    return { signingSessionId: session.id, relayerMessage: message, relayerVerifyingShare };
  } finally {
    state.fill(0);
  }
}

function invalid(): DomainError {
  return new DomainError(
    ErrorReason.SIGNING_REQUEST_INVALID,
    "the signing request is unknown, used, over its time or another one's, or has begun too often",
  );
}
