import { randomUUID } from "node:crypto";
import { authorizeChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { takeAdmittedAssertion } from "../assertions/admitted-assertion.ts";
import { takeNonce } from "../assertions/nonces.ts";
import type { Assertion } from "../assertions/verify-assertion.ts";
import type { Caller } from "../caller.ts";
import { assertEvmAllowed } from "../evm-policy/evm-policy.ts";
import { assertIsFor, type Intent, malformed } from "../intents/intent.ts";
import { type Payload, readPayload } from "../intents/read-payload.ts";
import { ownedKey } from "../keys/owned-key.ts";
import { ED25519_SCHEME } from "../schemes/scheme-ids.ts";
import { servedTenant } from "../served-tenant.ts";
import { shortlyAfter, type ThresholdParts } from "../threshold-parts.ts";
import type { SigningRequestRecord, ThresholdKeyRecord } from "../threshold-store.ts";
import { assertPurpose, usableSession, usesRefused } from "./session-authority.ts";

/** By what right something is to be signed. */
export type Authority =
  | { readonly kind: "session"; readonly token: string }
  | { readonly kind: "single use"; readonly nonce: Uint8Array; readonly assertion: Assertion };

/** What a wallet asks to have signed. */
export interface SigningWish {
  readonly keyId: string;
  readonly payload: Payload;
  readonly authority: Authority;
}

/**
 * Gives the right to one signature for each digest of a payload; the digests are computed here. A session is looked at
 * before the payload is, and what it pays is taken after all of the payload was checked and before a request is released.
 * Throws THRESHOLD_KEY_NOT_FOUND,
 * PAYLOAD_MALFORMED, PAYLOAD_KEY_MISMATCH (of NEAR), EVM_POLICY_DENIED (of EVM) and THRESHOLD_DISABLED; of a session also
 * THRESHOLD_SESSION_INVALID, THRESHOLD_SESSION_EXPIRED, THRESHOLD_PURPOSE_NOT_ALLOWED and THRESHOLD_SESSION_EXHAUSTED; of
 * a single use also THRESHOLD_CHALLENGE_INVALID, ASSERTION_INVALID, USER_VERIFICATION_MISSING and
 * PASSKEY_COUNTER_WENT_BACK.
 */
export async function authorize(
  parts: ThresholdParts,
  caller: Caller,
  { keyId, payload, authority }: SigningWish,
): Promise<readonly SigningRequestRecord[]> {
  const record = await ownedKey(parts, caller, keyId);
  const right =
    authority.kind === "session"
      ? { kind: "session" as const, session: await usableSession(parts, caller, record, authority.token) }
      : authority;
  const intent = readPayload(payload);
  assertMaySign(parts, record, intent);
  const { digests } = intent;
  const owner = { tenant: caller.tenant, user: caller.user };
  const requests = (): SigningRequestRecord[] => {
    const expiresAt = shortlyAfter(parts.now());
    return digests.map((digest) => ({ id: randomUUID(), owner, keyId, digest, expiresAt }));
  };

  if (right.kind === "session") {
    const { tokenHash } = right.session;
    assertPurpose(right.session, [intent.purpose]);
    const made = requests();
    if (!(await parts.store.takeUses(tokenHash, parts.now(), made)))
      throw await usesRefused(parts, tokenHash);
    return made;
  }
  const { nonce, assertion } = right;
  await takeNonce(parts, caller, "authorize", record, nonce);
  const challenge = authorizeChallenge({ nonce, digests, keyId, tenant: caller.tenant });
  await takeAdmittedAssertion(parts, record, assertion, challenge);
  const made = requests();
  await parts.store.putRequests(made);
  return made;
}

/**
 * Whether the payload is one for this key: of its scheme, and for NEAR, naming it; for EVM, where nothing names it, of what
 * the tenant's policy allows.
 */
function assertMaySign({ config }: ThresholdParts, record: ThresholdKeyRecord, intent: Intent): void {
  if (intent.schemeId !== record.schemeId) throw malformed("keys of this scheme do not sign such payloads");
  if (intent.schemeId === ED25519_SCHEME) assertIsFor(intent, record);
  else assertEvmAllowed(servedTenant(config(), record.tenant).evm, intent.wishes);
}
