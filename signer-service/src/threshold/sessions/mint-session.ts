import { sessionChallenge } from "@countersign/crypto/assertion-challenge.ts";
import { takeAdmittedAssertion } from "../assertions/admitted-assertion.ts";
import { takeNonce } from "../assertions/nonces.ts";
import type { Assertion } from "../assertions/verify-assertion.ts";
import type { Caller } from "../caller.ts";
import { ownedKey } from "../keys/owned-key.ts";
import type { ThresholdParts } from "../threshold-parts.ts";
import type { ThresholdKeyRecord } from "../threshold-store.ts";
import { readSessionPolicy, type SessionPolicy } from "./session-policy.ts";
import { newToken, tokenHashOf } from "./session-token.ts";

/** What a wallet sends to mint a session. */
export interface SessionWish {
  readonly keyId: string;
  /** The bytes of a SessionPolicy. */
  readonly policy: Uint8Array;
  readonly nonce: Uint8Array;
  readonly assertion: Assertion;
}

export interface MintedSession extends SessionPolicy {
  readonly record: ThresholdKeyRecord;
  /** Secret. */
  readonly token: string;
  readonly expiresAt: Date;
}

/**
 * Mints a session against a fresh assertion that binds its policy. Throws THRESHOLD_KEY_NOT_FOUND,
 * THRESHOLD_SESSION_POLICY_INVALID, THRESHOLD_CHALLENGE_INVALID, ASSERTION_INVALID, USER_VERIFICATION_MISSING,
 * PASSKEY_COUNTER_WENT_BACK and THRESHOLD_DISABLED.
 */
export async function mintSession(
  parts: ThresholdParts,
  caller: Caller,
  { keyId, policy: bytes, nonce, assertion }: SessionWish,
): Promise<MintedSession> {
  const record = await ownedKey(parts, caller, keyId);
  const policy = readSessionPolicy(bytes, parts.config().sessions);
  await takeNonce(parts, caller, "session", record, nonce);
  const challenge = sessionChallenge({ nonce, policy: bytes, keyId, tenant: caller.tenant });
  await takeAdmittedAssertion(parts, record, assertion, challenge);

  const token = newToken(parts.random);
  const tokenHash = tokenHashOf(token);
  if (tokenHash === undefined) throw new Error("a token that is none");
  const expiresAt = new Date(parts.now().getTime() + policy.lifetimeSeconds * 1_000);
  const owner = { tenant: caller.tenant, user: caller.user };
  const { purposes, maxUses } = policy;
  await parts.store.putSession({ tokenHash, owner, keyId, purposes, maxUses, expiresAt });
  return { ...policy, record, token, expiresAt };
}
