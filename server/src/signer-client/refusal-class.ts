import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";

/**
 * What a refusal of one transaction means for its submission:
 * - "final": nothing else would come of asking again;
 * - "other nonce": the nonce is another transaction's, or the chain is past it;
 * - "transaction waits": this transaction may be signed later, and others may be signed now;
 * - "key waits": nothing is signed with this key for now.
 */
export type RefusalClass = "final" | "other nonce" | "transaction waits" | "key waits";

type Name = keyof typeof ErrorReason;

/** What a signer's own refusals are named after, save what operators' calls get and what the relay itself says. */
type SignerReason = Exclude<
  Extract<Name, `SIGNER_${string}`>,
  | "SIGNER_UNAVAILABLE"
  | "SIGNER_REFUSED"
  | "SIGNER_CONFIG_INVALID"
  | "SIGNER_KEY_EXISTS"
  | "SIGNER_KEY_STATE_CONFLICT"
>;

/**
 * Every reason in one class. Work that was paid for ends only for what it is itself: what an operator has to mend, at
 * the signer or in the relay's configuration, waits.
 */
const CLASSES: Readonly<Record<SignerReason | "RATE_LIMITED" | "INTERNAL", RefusalClass>> = {
  SIGNER_TRANSACTION_MALFORMED: "final",
  SIGNER_PURPOSE_NOT_ALLOWED: "final",
  SIGNER_POLICY_DENIED: "final",
  SIGNER_LIMIT_EXCEEDED: "final",
  SIGNER_DAILY_DEPOSIT_EXHAUSTED: "final",
  SIGNER_DAILY_GAS_EXHAUSTED: "final",
  SIGNER_CREDENTIAL_INVALID: "final",
  SIGNER_NONCE_CONFLICT: "other nonce",
  SIGNER_NONCE_TOO_LOW: "other nonce",
  INTERNAL: "transaction waits",
  SIGNER_SELF_CHECK_FAILED: "transaction waits",
  SIGNER_GRANT_INVALID: "transaction waits",
  SIGNER_GRANT_USED: "transaction waits",
  SIGNER_NONCE_TOO_HIGH: "key waits",
  SIGNER_JOURNAL_LOCKED: "key waits",
  SIGNER_STORE_UNAVAILABLE: "key waits",
  SIGNER_BACKEND_UNAVAILABLE: "key waits",
  SIGNER_KEY_PAUSED: "key waits",
  SIGNER_KEY_NOT_ACTIVE: "key waits",
  // The relay builds its transactions for the key as the signer showed it: the signer's configuration has changed.
  SIGNER_KEY_NOT_FOUND: "key waits",
  SIGNER_ACCOUNT_MISMATCH: "key waits",
  SIGNER_PUBLIC_KEY_MISMATCH: "key waits",
  SIGNER_NETWORK_MISMATCH: "key waits",
  SIGNER_GRANT_MISSING: "key waits",
  RATE_LIMITED: "key waits",
};

const BY_REASON: ReadonlyMap<ErrorReason, RefusalClass> = new Map(
  Object.entries(CLASSES).map(([name, refusalClass]) => [ErrorReason[name as Name], refusalClass]),
);

/** The class of a refusal's reason. A reason that the contract does not name for it is final. */
export function refusalClass(reason: ErrorReason): RefusalClass {
  return BY_REASON.get(reason) ?? "final";
}
