import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { generateAuthenticationOptions } from "@simplewebauthn/server";
import { type AuthenticationCredential, invalidResponse, parseAuthentication } from "./credential-json.ts";
import {
  begin,
  begunCeremony,
  CEREMONY_MS,
  type PasskeyContext,
  partyToBegin,
  takeBegun,
} from "./passkeys.ts";
import type { UserRecord } from "./ports.ts";
import { verifyAssertion } from "./verify-assertion.ts";

/**
 * Begins to sign in with whichever passkey the user picks. Answers PublicKeyCredentialRequestOptions in JSON form. Throws
 * TENANT_*, PAUSED, RELYING_PARTY_NOT_FOUND, ORIGIN_NOT_ALLOWED, SHARED_STATE_UNAVAILABLE.
 */
export async function beginSignIn(
  context: PasskeyContext,
  { tenant, rpId }: { readonly tenant: string; readonly rpId: string },
  origin: string | null,
): Promise<{ readonly id: string; readonly optionsJson: string }> {
  const party = partyToBegin(context.directory, tenant, rpId, origin);
  const { id, challenge } = await begin(context, "passkey-sign-in", { tenant, rpId: party.id });
  const options = await generateAuthenticationOptions({
    rpID: party.id,
    challenge,
    timeout: CEREMONY_MS,
    allowCredentials: [],
    userVerification: party.userVerificationOptional ? "preferred" : "required",
  });
  return { id, optionsJson: JSON.stringify(options) };
}

/**
 * The user whose passkey answered. Throws CHALLENGE_INVALID, WEBAUTHN_*, USER_VERIFICATION_MISSING, PASSKEY_NOT_FOUND,
 * PASSKEY_COUNTER_WENT_BACK, CONTRACT_DENIED, CHAIN_UNAVAILABLE, TENANT_*, PAUSED, ORIGIN_NOT_ALLOWED,
 * SHARED_STATE_UNAVAILABLE, LEDGER_UNAVAILABLE.
 */
export async function finishSignIn(
  context: PasskeyContext,
  request: { readonly signInId: string; readonly credentialJson: string; readonly accountId: string },
  origin: string | null,
): Promise<UserRecord> {
  const credential = parseAuthentication(request.credentialJson);
  const { begun, expected } = await takeBegun(
    context,
    "passkey-sign-in",
    request.signInId,
    begunCeremony,
    origin,
  );
  const { tenant, rpId } = begun;
  const { users } = context;
  const credentialId = new Uint8Array(Buffer.from(credential.id, "base64url"));
  const found = await users.passkey(tenant, credentialId);
  if (found === undefined || found.passkey.rpId !== rpId) throw passkeyNotFound();
  const use = await verifyAssertion(credential, found.passkey.publicKey, expected);

  const user = await users.user(tenant, found.userId);
  if (user === undefined) throw passkeyNotFound();
  assertUserHandle(credential, user);
  if (!(await users.notePasskeyUse(tenant, user.id, credentialId, use))) {
    throw new DomainError(
      ErrorReason.PASSKEY_COUNTER_WENT_BACK,
      "the authenticator's counter did not rise: the passkey may have been copied",
    );
  }
  await askContract(context, credential, rpId, request.accountId);
  return user;
}

/** A passkey keeps the id that its user had when it was registered: the user may have been merged since. */
function assertUserHandle({ response }: AuthenticationCredential, { id, mergedUsers }: UserRecord): void {
  const handle = Buffer.from(response.userHandle ?? "", "base64url").toString("utf8");
  if (handle !== id && !mergedUsers.includes(handle)) {
    throw invalidResponse("the response's user handle is not the passkey's user");
  }
}

/** Where a contract decides, every sign-in asks it: a caller cannot leave it out. */
async function askContract(
  { contractCheck }: PasskeyContext,
  { id, response }: AuthenticationCredential,
  rpId: string,
  accountId: string,
): Promise<void> {
  if (contractCheck === undefined && accountId === "") return;
  if (contractCheck === undefined) throw contractDenied("this relay asks no contract: leave account_id out");
  if (accountId === "") throw contractDenied("this relay asks a contract: name the account in account_id");
  await contractCheck({
    account_id: accountId,
    rp_id: rpId,
    credential_id: id,
    client_data_json: response.clientDataJSON,
    authenticator_data: response.authenticatorData,
    signature: response.signature,
  });
}

function contractDenied(message: string): DomainError {
  return new DomainError(ErrorReason.CONTRACT_DENIED, message);
}

function passkeyNotFound(): DomainError {
  return new DomainError(ErrorReason.PASSKEY_NOT_FOUND, "there is no such passkey here");
}
