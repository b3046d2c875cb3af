import { type AuthenticationResponseJSON, verifyAuthenticationResponse } from "@simplewebauthn/server";
import { checkedClientData } from "./client-data.ts";
import { type AuthenticationCredential, invalidResponse } from "./credential-json.ts";
import type { PasskeyUse } from "./ports.ts";
import { type ExpectedCeremony, userVerificationMissing } from "./verify-registration.ts";

/**
 * Verifies an assertion of the passkey with this public key in COSE form (WebAuthn Level 3, section 7.2), but not whether
 * its counter rose. Throws WEBAUTHN_RESPONSE_INVALID, USER_VERIFICATION_MISSING.
 */
export async function verifyAssertion(
  credential: AuthenticationCredential,
  publicKey: Uint8Array,
  expected: ExpectedCeremony,
): Promise<PasskeyUse> {
  const { origin, topOrigin } = checkedClientData(credential.response.clientDataJSON, expected);
  const info = await verified(credential, publicKey, expected, origin, topOrigin);
  if (!info.userVerified && !expected.userVerificationOptional) throw userVerificationMissing();
  return { counter: info.newCounter, backedUp: info.credentialBackedUp };
}

async function verified(
  { id, rawId, type, response }: AuthenticationCredential,
  publicKey: Uint8Array,
  { challenge, rpId }: ExpectedCeremony,
  origin: string,
  topOrigin: string | undefined,
) {
  try {
    const { clientDataJSON, authenticatorData, signature } = response;
    const result = await verifyAuthenticationResponse({
      response: {
        id,
        rawId,
        type,
        clientExtensionResults: {},
        response: { clientDataJSON, authenticatorData, signature },
      } satisfies AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: origin,
      expectedRPID: rpId,
      // Whoever frames the wallet: the wallet says that itself, with frame-ancestors.
      ...(topOrigin === undefined ? {} : { expectedTopOrigin: topOrigin }),
      // The counter is compared where it is stored, and user verification has a reason of its own.
      credential: { id, publicKey: Uint8Array.from(publicKey), counter: 0 },
      requireUserVerification: false,
    });
    if (result.verified) return result.authenticationInfo;
  } catch {
    // The library's errors hold values of what was sent.
  }
  throw invalidResponse(
    "the response is not one to this challenge and relying party, or its signature is wrong",
  );
}
