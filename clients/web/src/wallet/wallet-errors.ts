import { Code } from "@connectrpc/connect";
import { CountersignError, type ErrorReasonName } from "../countersign-error.ts";
import { VaultError, type VaultRefusal } from "../vault/vault-error.ts";

/** What the relay or the signer answered does not hold: a fault of theirs, or an attack. Nothing of it was used. */
export function untrue(reason: ErrorReasonName, message: string): CountersignError {
  return new CountersignError(message, { reason, code: Code.DataLoss });
}

/** The wallet cannot do this as it is now. */
export function notReady(reason: ErrorReasonName, message: string): CountersignError {
  return new CountersignError(message, { reason, code: Code.FailedPrecondition });
}

/** The passkey gave no result of its PRF. */
export function noPrf(): CountersignError {
  return notReady("UNSPECIFIED", "this passkey's authenticator does not have the PRF extension");
}

const REASONS: Readonly<Record<VaultRefusal, ErrorReasonName>> = {
  LOCKED: "THRESHOLD_KEY_NOT_FOUND",
  MALFORMED: "ROUND_MESSAGE_INVALID",
  NOTHING_TO_CONFIRM: "THRESHOLD_CHALLENGE_INVALID",
  RELAYER_PROOF_INVALID: "POSSESSION_PROOF_INVALID",
  KEY_MISMATCH: "THRESHOLD_KEY_BROKEN",
  ROUND_SPENT: "SIGNING_SESSION_STALE",
  RELAYER_SHARE_INVALID: "SIGNATURE_SHARE_INVALID",
  PRESIGN_ABORTED: "PRESIGN_ABORTED",
  NO_LOCK: "UNSPECIFIED",
  LOCK_ANSWER_INVALID: "UNSPECIFIED",
  ENVELOPE_UNUSABLE: "UNSPECIFIED",
  STORE_UNAVAILABLE: "UNSPECIFIED",
};

/** Refusals that say something about the wallet and not about what it was answered. */
const OWN: readonly VaultRefusal[] = [
  "LOCKED",
  "NOTHING_TO_CONFIRM",
  "ROUND_SPENT",
  "NO_LOCK",
  "ENVELOPE_UNUSABLE",
  "STORE_UNAVAILABLE",
];

/** The vault's refusals as CountersignError; everything else as it is. */
export async function fromVault<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    const { refusal, message } = error;
    throw OWN.includes(refusal) ? notReady(REASONS[refusal], message) : untrue(REASONS[refusal], message);
  }
}
