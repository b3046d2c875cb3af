import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import * as z from "zod";
import type { Caller } from "../../access/caller.ts";
import { linkingSession } from "../linking-session.ts";
import { challengeInvalid } from "../passkeys.ts";
import type { IdentityRecord, ProviderAccountRecord, UserRecord } from "../ports.ts";
import { type ProviderSignInContext, providerFor, randomText } from "./sign-in-context.ts";

/** How long a user may take, in milliseconds. */
const SIGN_IN_MS = 10 * 60_000;

const begunSignIn = z.strictObject({
  tenant: z.string(),
  providerId: z.string(),
  nonce: z.string(),
  /** Unix milliseconds. */
  begunAt: z.number(),
  /** Whose account it is to be; null to sign in. */
  linking: z.strictObject({ userId: z.string(), sessionId: z.string() }).nullable(),
});

/** An account that was linked, or who has signed in with it. */
export interface ProvenAccount {
  readonly identity: IdentityRecord;
  /** Undefined when the account was linked to the user who is signed in already. */
  readonly user: UserRecord | undefined;
}

/**
 * Begins a sign-in, or the linking of an account for a caller who has just signed in. Throws TENANT_*, PAUSED,
 * CREDENTIALS_INVALID, SESSION_NOT_FRESH, IDENTITY_PROVIDER_NOT_FOUND, ORIGIN_NOT_ALLOWED, SHARED_STATE_UNAVAILABLE.
 */
export async function beginIdToken(
  { directory, pending, randomBytes, now, assertFresh }: ProviderSignInContext,
  { tenant, providerId }: { readonly tenant: string; readonly providerId: string },
  caller: Caller | undefined,
  origin: string | null,
): Promise<{ readonly id: string; readonly nonce: string }> {
  providerFor(directory, tenant, providerId, origin);
  const id = randomText(randomBytes);
  const nonce = randomText(randomBytes);
  const session = linkingSession(caller, tenant);
  if (session !== undefined) assertFresh(session);
  const linking = session === undefined ? null : { userId: session.userId, sessionId: session.id };
  const begun: z.output<typeof begunSignIn> = {
    ...{ tenant, providerId, nonce, linking },
    begunAt: now().getTime(),
  };
  await pending.put("id-token", id, begun, SIGN_IN_MS);
  return { id, nonce };
}

/**
 * Signs in with the ID token, or links its account to the user who began it signed in, and still has that session. Once;
 * but while the provider cannot be asked, the same call may be made again. Throws CHALLENGE_INVALID, ID_TOKEN_INVALID,
 * TENANT_*, PAUSED, IDENTITY_LINKED_ELSEWHERE, IDENTITY_PROVIDER_UNAVAILABLE, ORIGIN_NOT_ALLOWED, CREDENTIALS_INVALID, LEDGER_UNAVAILABLE,
 * SHARED_STATE_UNAVAILABLE.
 */
export async function finishIdToken(
  context: ProviderSignInContext,
  { signInId, idToken }: { readonly signInId: string; readonly idToken: string },
  caller: Caller | undefined,
  origin: string | null,
): Promise<ProvenAccount> {
  const { directory, pending, idTokens, users, now } = context;
  const result = begunSignIn.safeParse(await pending.take("id-token", signInId));
  if (!result.success) throw challengeInvalid();
  const begun = result.data;
  const { tenant, providerId, nonce, linking } = begun;
  const begunAt = new Date(begun.begunAt);
  if (linkingSession(caller, tenant)?.id !== linking?.sessionId) throw challengeInvalid();
  const provider = providerStill(context, tenant, providerId, origin);
  const account = await idTokens
    .verify(idToken, provider, { nonce, begunAt })
    .catch(async (error: unknown) => {
      if (!isUnavailable(error)) throw error;
      context.onProviderFailed(providerId, error);
      const leftMs = begunAt.getTime() + SIGN_IN_MS - now().getTime();
      // Nothing was accepted: it is as if the call had not been made.
      if (leftMs > 0) await pending.put("id-token", signInId, begun, leftMs);
      throw error;
    });
  // While the provider was asked, an operator may have disabled the tenant.
  providerStill({ directory }, tenant, providerId, origin);
  if (linking !== null) {
    return { identity: await users.linkAccount(tenant, linking.userId, account), user: undefined };
  }
  const user = await users.userOfAccount(tenant, account);
  return { identity: identityOf(user, account), user };
}

/** A provider that was taken out while the user signed in cannot be signed in with. */
function providerStill(
  { directory }: Pick<ProviderSignInContext, "directory">,
  tenant: string,
  providerId: string,
  origin: string | null,
) {
  try {
    return providerFor(directory, tenant, providerId, origin);
  } catch (error) {
    const isGone = error instanceof DomainError && error.reason === ErrorReason.IDENTITY_PROVIDER_NOT_FOUND;
    throw isGone ? challengeInvalid() : error;
  }
}

function identityOf(
  { id, identities }: UserRecord,
  { issuer, subject }: ProviderAccountRecord,
): IdentityRecord {
  const identity = identities.find(
    ({ kind }) =>
      kind.case === "provider" && kind.account.issuer === issuer && kind.account.subject === subject,
  );
  if (identity === undefined) throw new Error(`user ${id} signed in with an account that it lacks`);
  return identity;
}

function isUnavailable(error: unknown): boolean {
  return error instanceof DomainError && error.reason === ErrorReason.IDENTITY_PROVIDER_UNAVAILABLE;
}
