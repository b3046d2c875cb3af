import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type Caller, isOwn } from "../caller.ts";
import { shortlyAfter, type ThresholdParts } from "../threshold-parts.ts";
import type { ChallengeBinding, ThresholdKeyRecord } from "../threshold-store.ts";

/** What a challenge or nonce may be for. */
export type ChallengeUse = ChallengeBinding["use"];
export type NonceUse = Exclude<ChallengeUse, "key">;

const CHALLENGE_BYTES = 32;

type Parts = Pick<ThresholdParts, "store" | "now" | "random">;

/** A fresh challenge, bound; it holds for a minute and once. */
export async function giveChallenge(
  { store, now, random }: Parts,
  binding: ChallengeBinding,
): Promise<{ readonly challenge: Uint8Array; readonly expiresAt: Date }> {
  const challenge = random(CHALLENGE_BYTES);
  const expiresAt = shortlyAfter(now());
  await store.putChallenge(challenge, binding, expiresAt);
  return { challenge, expiresAt };
}

/** Takes a challenge away that was given to this caller for this use. Throws THRESHOLD_CHALLENGE_INVALID. */
export async function takeChallenge<U extends ChallengeUse>(
  { store, now }: Pick<Parts, "store" | "now">,
  caller: Caller,
  use: U,
  challenge: Uint8Array,
): Promise<Extract<ChallengeBinding, { use: U }>> {
  const binding = await store.takeChallenge(challenge, now());
  if (binding === undefined || !isFor(binding, use) || !isOwn(caller, binding.owner))
    throw invalidChallenge();
  return binding;
}

/** Takes a nonce away that was given for this use of this key. Throws THRESHOLD_CHALLENGE_INVALID. */
export async function takeNonce(
  parts: Pick<Parts, "store" | "now">,
  caller: Caller,
  use: NonceUse,
  { keyId }: ThresholdKeyRecord,
  nonce: Uint8Array,
): Promise<void> {
  const binding: { keyId: string } = await takeChallenge(parts, caller, use, nonce);
  if (binding.keyId !== keyId) throw invalidChallenge();
}

function isFor<U extends ChallengeUse>(
  binding: ChallengeBinding,
  use: U,
): binding is Extract<ChallengeBinding, { use: U }> {
  return binding.use === use;
}

function invalidChallenge(): DomainError {
  return new DomainError(
    ErrorReason.THRESHOLD_CHALLENGE_INVALID,
    "the challenge or nonce is unknown, used, over its time, or was given for something else",
  );
}
