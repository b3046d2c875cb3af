import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import * as z from "zod";
import type { ContractCheck } from "./contract-check.ts";
import type { AssertFresh } from "./linking-session.ts";
import type { Pending, PendingKind, RelyingPartySettings, Users } from "./ports.ts";
import { assertOrigin, findRelyingParty, type SignInDirectory, signInOf } from "./relying-party.ts";
import type { ExpectedCeremony } from "./verify-registration.ts";

/** What passkeys are registered and used with. */
export interface PasskeyContext {
  readonly directory: SignInDirectory;
  readonly users: Users;
  readonly pending: Pending;
  readonly randomBytes: (bytes: number) => Uint8Array;
  readonly assertFresh: AssertFresh;
  /** Undefined where no contract is asked. */
  readonly contractCheck: ContractCheck | undefined;
}

/** How long a user may take, in milliseconds. */
export const CEREMONY_MS = 5 * 60_000;

/** What every ceremony is bound to. */
export const begunCeremony = z.strictObject({
  tenant: z.string(),
  rpId: z.string(),
  /** Base64url. */
  challenge: z.string(),
});

/** A ceremony that was just begun: its id, and its challenge. */
export interface Begun {
  readonly id: string;
  readonly challenge: Uint8Array<ArrayBuffer>;
}

/** Where a ceremony may begin. Throws TENANT_*, PAUSED, RELYING_PARTY_NOT_FOUND, ORIGIN_NOT_ALLOWED. */
export function partyToBegin(
  directory: SignInDirectory,
  tenant: string,
  rpId: string,
  origin: string | null,
): RelyingPartySettings {
  const party = findRelyingParty(signInOf(directory, tenant), rpId);
  if (party === undefined) {
    throw new DomainError(ErrorReason.RELYING_PARTY_NOT_FOUND, "the tenant has no relying party of this id");
  }
  assertOrigin(party.origins, origin);
  return party;
}

/**
 * Notes what was begun, for one use. The challenge says what it is for, and 32 random bytes follow: wallets look, so that no
 * relay gets an assertion for the signer out of a sign-in (docs/sessions.md). Throws SHARED_STATE_UNAVAILABLE.
 */
export async function begin(
  { pending, randomBytes }: PasskeyContext,
  kind: PendingKind,
  bound: { readonly tenant: string; readonly rpId: string } & Readonly<Record<string, unknown>>,
): Promise<Begun> {
  const id = Buffer.from(randomBytes(24)).toString("base64url");
  const challenge = Uint8Array.from(Buffer.concat([Buffer.from(`countersign/${kind}/v1`), randomBytes(32)]));
  const value = { ...bound, challenge: Buffer.from(challenge).toString("base64url") };
  await pending.put(kind, id, value, CEREMONY_MS);
  return { id, challenge };
}

/**
 * Takes what was begun, once, with what its response must answer as the tenant is now. Throws CHALLENGE_INVALID, TENANT_*,
 * PAUSED, ORIGIN_NOT_ALLOWED, SHARED_STATE_UNAVAILABLE.
 */
export async function takeBegun<S extends typeof begunCeremony>(
  { pending, directory }: PasskeyContext,
  kind: PendingKind,
  id: string,
  schema: S,
  origin: string | null,
): Promise<{ readonly begun: z.output<S>; readonly expected: ExpectedCeremony }> {
  const result = schema.safeParse(await pending.take(kind, id));
  if (!result.success) throw challengeInvalid();
  const begun = result.data;
  const { tenant, rpId, challenge } = begun;
  const party = findRelyingParty(signInOf(directory, tenant), rpId);
  if (party === undefined) throw challengeInvalid();
  const { origins, userVerificationOptional } = party;
  assertOrigin(origins, origin);
  return { begun, expected: { challenge, rpId, origins, callOrigin: origin, userVerificationOptional } };
}

export function challengeInvalid(): DomainError {
  return new DomainError(
    ErrorReason.CHALLENGE_INVALID,
    "nothing was begun under this id by this caller, its time is over, or it was finished: begin again",
  );
}
