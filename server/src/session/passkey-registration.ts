import { type AuthenticatorTransport, generateRegistrationOptions } from "@simplewebauthn/server";
import * as z from "zod";
import type { Caller } from "../access/caller.ts";
import { parseRegistration } from "./credential-json.ts";
import { linkingSession } from "./linking-session.ts";
import {
  begin,
  begunCeremony,
  CEREMONY_MS,
  challengeInvalid,
  type PasskeyContext,
  partyToBegin,
  takeBegun,
} from "./passkeys.ts";
import type { IdentityRecord, PasskeyRecord, UserRecord } from "./ports.ts";
import { userGone } from "./users.ts";
import { ALGORITHMS, verifyRegistration } from "./verify-registration.ts";

const begunRegistration = begunCeremony.extend({
  userId: z.string(),
  /** The session of the user who is to get one more; null for a new user. */
  sessionId: z.string().nullable(),
});

/** The transports that options may name (WebAuthn Level 3, section 5.8.4); browsers pass over others. */
const TRANSPORTS = ["ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb"];

/**
 * Begins to register a passkey, for the user who is signed in or for a new one. Answers PublicKeyCredentialCreationOptions
 * in JSON form. Throws TENANT_*, RELYING_PARTY_NOT_FOUND, ORIGIN_NOT_ALLOWED, CREDENTIALS_*, SESSION_NOT_FRESH, PAUSED,
 * LEDGER_UNAVAILABLE, SHARED_STATE_UNAVAILABLE.
 */
export async function beginRegistration(
  context: PasskeyContext,
  request: { readonly tenant: string; readonly rpId: string; readonly userName: string },
  caller: Caller | undefined,
  origin: string | null,
): Promise<{ readonly id: string; readonly optionsJson: string }> {
  const { tenant, userName } = request;
  const party = partyToBegin(context.directory, tenant, request.rpId, origin);
  const session = linkingSession(caller, tenant);
  if (session !== undefined) context.assertFresh(session);
  const user = session === undefined ? undefined : await signedInUser(context, tenant, session.userId);
  const userId = user?.id ?? context.users.newUserId();
  const bound = { tenant, rpId: party.id, userId, sessionId: session?.id ?? null };
  const { id, challenge } = await begin(context, "registration", bound);
  const options = await generateRegistrationOptions({
    rpName: party.name === "" ? party.id : party.name,
    rpID: party.id,
    userID: Uint8Array.from(Buffer.from(userId)),
    userName,
    userDisplayName: userName,
    challenge,
    timeout: CEREMONY_MS,
    attestationType: "none",
    excludeCredentials: user === undefined ? [] : passkeysOf(user, party.id).map(descriptorOf),
    authenticatorSelection: {
      residentKey: "required",
      userVerification: party.userVerificationOptional ? "preferred" : "required",
    },
    supportedAlgorithmIDs: ALGORITHMS,
  });
  return { id, optionsJson: JSON.stringify(options) };
}

/**
 * Registers the passkey for the user who began it signed in, and still has that session; `newUser` is who it was registered
 * for otherwise. Throws CHALLENGE_INVALID, WEBAUTHN_*, USER_VERIFICATION_MISSING, PASSKEY_EXISTS, TENANT_*, CREDENTIALS_*,
 * ORIGIN_NOT_ALLOWED, PAUSED, SHARED_STATE_UNAVAILABLE, LEDGER_UNAVAILABLE.
 */
export async function finishRegistration(
  context: PasskeyContext,
  request: { readonly registrationId: string; readonly credentialJson: string; readonly name: string },
  caller: Caller | undefined,
  origin: string | null,
): Promise<{ readonly identity: IdentityRecord; readonly newUser: UserRecord | undefined }> {
  const credential = parseRegistration(request.credentialJson);
  const { begun, expected } = await takeBegun(
    context,
    "registration",
    request.registrationId,
    begunRegistration,
    origin,
  );
  const { tenant, rpId, userId, sessionId } = begun;
  if ((linkingSession(caller, tenant)?.id ?? null) !== sessionId) throw challengeInvalid();

  const { counter, ...made } = await verifyRegistration(credential, expected);
  const transports = credential.response.transports ?? [];
  const passkey: PasskeyRecord = { ...made, rpId, name: request.name, transports };
  const { users } = context;
  if (sessionId !== null) {
    return { identity: await users.addPasskey(tenant, userId, passkey, counter), newUser: undefined };
  }
  const newUser = await users.createWithPasskey(tenant, userId, passkey, counter);
  const [identity] = newUser.identities;
  if (identity === undefined) throw new Error(`user ${userId} was stored without its passkey`);
  return { identity, newUser };
}

async function signedInUser({ users }: PasskeyContext, tenant: string, userId: string): Promise<UserRecord> {
  const user = await users.user(tenant, userId);
  if (user === undefined) throw userGone();
  return user;
}

function passkeysOf({ identities }: UserRecord, rpId: string): PasskeyRecord[] {
  return identities.flatMap(({ kind }) =>
    kind.case === "passkey" && kind.passkey.rpId === rpId ? [kind.passkey] : [],
  );
}

function descriptorOf({ credentialId, transports }: PasskeyRecord) {
  return {
    id: Buffer.from(credentialId).toString("base64url"),
    transports: transports.filter((t): t is AuthenticatorTransport => TRANSPORTS.includes(t)),
  };
}
