import { createHash } from "node:crypto";
import { wipePresignature } from "@countersign/crypto/ot-ecdsa/presignature.ts";
import { rerandomise, signingEntropy } from "@countersign/crypto/ot-ecdsa/rerandomise.ts";
import { encodeSignMessage, signatureShare } from "@countersign/crypto/ot-ecdsa/sign.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type Caller, isOwn } from "../caller.ts";
import { brokenKey, useRelayerHalf } from "../keys/relayer-half.ts";
import { digestMismatch } from "../rounds/digest-mismatch.ts";
import { servedTenant } from "../served-tenant.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { EcdsaSigningStanding } from "./ecdsa-store.ts";
import { points } from "./points.ts";
import { decodePresignature } from "./presignature-bytes.ts";

/** What a wallet sends to end a signature. */
export interface EcdsaSecondRound {
  readonly signingSessionId: string;
  readonly keyId: string;
  readonly digest: Uint8Array;
  /** 32 bytes, whose hash began the signature. */
  readonly clientEntropy: Uint8Array;
}

type Reserved = Extract<EcdsaSigningStanding, { stage: "reserved" }>;

const RELAYER = 2;

/**
 * Ends a signature: the relayer's message of the phase "sign", with its share of the signature. The presignature is used
 * up durably before the share leaves, and the identical call gets the identical bytes again. What another caller, another
 * digest or bytes with another hash ask for uses nothing up.
 *
 * Throws SIGNING_SESSION_STALE, DIGEST_MISMATCH, ROUND_MESSAGE_INVALID, MASTER_SECRET_UNAVAILABLE, THRESHOLD_KEY_BROKEN
 * and THRESHOLD_DISABLED.
 */
export async function signEcdsaFinalize(
  parts: ThresholdParts,
  caller: Caller,
  round: EcdsaSecondRound,
): Promise<Uint8Array> {
  const { ecdsa, config, now } = parts;
  servedTenant(config(), caller.tenant);
  const { signingSessionId: id, clientEntropy } = round;
  const standing = await ecdsa.ecdsaSigning(id, now());
  try {
    assertOwn(standing, caller, round);
    if (standing.stage !== "reserved") return answerAgain(standing);
    const answer = await relayerMessage(parts, standing, clientEntropy);
    if (await ecdsa.finishEcdsaSigning(id, answer, now())) return answer;
    // The identical call was faster, or the time is over.
    const later = await ecdsa.ecdsaSigning(id, now());
    if (later?.stage === "reserved") later.presignature.state.fill(0);
    return answerAgain(later);
  } finally {
    if (standing?.stage === "reserved") standing.presignature.state.fill(0);
  }
}

function assertOwn(
  standing: EcdsaSigningStanding | undefined,
  caller: Caller,
  { keyId, digest, clientEntropy }: EcdsaSecondRound,
): asserts standing is EcdsaSigningStanding {
  if (standing === undefined) throw stale();
  const { signing } = standing;
  if (!isOwn(caller, signing.owner) || signing.keyId !== keyId) throw stale();
  if (Buffer.compare(signing.digest, digest) !== 0) throw digestMismatch();
  const hash = createHash("sha256").update(clientEntropy).digest();
  if (Buffer.compare(signing.clientEntropyHash, hash) === 0) return;
  throw new DomainError(
    ErrorReason.ROUND_MESSAGE_INVALID,
    "the client's entropy is not what the signature was begun with",
  );
}

/** The relayer's share of the signature, as a message: nobody may have it before the presignature is used up. */
async function relayerMessage(
  parts: ThresholdParts,
  { signing, presignature }: Reserved,
  clientEntropy: Uint8Array,
): Promise<Uint8Array> {
  const record = await parts.store.key(signing.keyId);
  if (record === undefined) throw brokenKey();
  const { id, digest, relayerEntropy } = signing;
  return useRelayerHalf(parts, record, ({ publicKey }) => {
    const values = rerandomise(
      { points },
      {
        presignature: decodePresignature(presignature),
        publicKey,
        digest,
        entropy: signingEntropy(id, clientEntropy, relayerEntropy),
      },
    );
    try {
      return encodeSignMessage(signatureShare(RELAYER, values, digest));
    } finally {
      wipePresignature(values);
    }
  });
}

/** What a signing that is not reserved any more answers: the same as before, as the call is the same. */
function answerAgain(standing: EcdsaSigningStanding | undefined): Uint8Array {
  if (standing?.stage !== "done") throw stale();
  return standing.answer;
}

function stale(): DomainError {
  return new DomainError(
    ErrorReason.SIGNING_SESSION_STALE,
    "the signing session is unknown, over its time, destroyed, or another one's",
  );
}
