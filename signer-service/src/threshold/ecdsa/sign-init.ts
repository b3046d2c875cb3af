import { randomUUID } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type Caller, isOwn } from "../caller.ts";
import { digestMismatch } from "../rounds/digest-mismatch.ts";
import { ECDSA_SCHEME } from "../schemes/scheme-ids.ts";
import { servedTenant } from "../served-tenant.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { NewEcdsaSigning } from "./ecdsa-store.ts";

/** What a wallet sends to begin a signature. */
export interface EcdsaFirstRound {
  readonly requestId: string;
  readonly keyId: string;
  readonly digest: Uint8Array;
  readonly presignatureId: Uint8Array;
  /** SHA-256 of the client's 32 bytes. */
  readonly clientEntropyHash: Uint8Array;
}

export interface BegunEcdsaSignature {
  readonly signingSessionId: string;
  readonly relayerEntropy: Uint8Array;
  readonly expiresAt: Date;
}

/** How long a presignature stays reserved, in milliseconds. */
const RESERVED_MS = 30_000;
const ENTROPY_BYTES = 32;
/** How often a signing request may begin: presignatures get lost. Each run destroys the one before it. */
const MAX_RUNS = 5;

/**
 * Begins a signature: reserves the presignature for this digest, and gives the relayer's half of the entropy, which is
 * stored with it. The presignature is never available again. The identical call gets the identical answer; another
 * digest destroys what the request has reserved. Throws SIGNING_REQUEST_INVALID, DIGEST_MISMATCH,
 * PRESIGNATURE_POOL_EMPTY, PRESIGNATURE_INVALID and THRESHOLD_DISABLED.
 */
export async function signEcdsaInit(
  { store, ecdsa, config, now, random }: ThresholdParts,
  caller: Caller,
  { requestId, keyId, digest, presignatureId, clientEntropyHash }: EcdsaFirstRound,
): Promise<BegunEcdsaSignature> {
  servedTenant(config(), caller.tenant);
  const record = await store.key(keyId);
  // Whoever owns the key owns the requests for it.
  if (record === undefined || !isOwn(caller, record) || record.schemeId !== ECDSA_SCHEME) throw invalid();
  const { tenant, user, epoch } = record;
  const begun = now();
  const wish: NewEcdsaSigning = {
    ...{ id: randomUUID(), requestId, owner: { tenant, user }, keyId, digest, presignatureId },
    clientEntropyHash,
    relayerEntropy: random(ENTROPY_BYTES),
    expiresAt: new Date(begun.getTime() + RESERVED_MS),
  };
  const reservation = await ecdsa.reserve(wish, epoch, MAX_RUNS, begun);
  switch (reservation.kind) {
    case "reserved": {
      const { id, relayerEntropy, expiresAt } = reservation.signing;
      return { signingSessionId: id, relayerEntropy, expiresAt };
    }
    case "request invalid":
      throw invalid();
    case "digest mismatch":
      throw digestMismatch();
    case "pool empty":
      throw new DomainError(
        ErrorReason.PRESIGNATURE_POOL_EMPTY,
        "the key has no presignature that can be used; make one and try again",
      );
    case "presignature invalid":
      throw new DomainError(
        ErrorReason.PRESIGNATURE_INVALID,
        "the presignature is unknown, reserved, used or destroyed, or another key's",
      );
  }
}

function invalid(): DomainError {
  return new DomainError(
    ErrorReason.SIGNING_REQUEST_INVALID,
    "the signing request is unknown, used, over its time or another one's, or has begun too often",
  );
}
