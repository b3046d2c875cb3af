import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type RegistrationResponseJSON, verifyRegistrationResponse } from "@simplewebauthn/server";
import { COSEALG, decodeAttestationObject } from "@simplewebauthn/server/helpers";
import { checkedClientData, type ExpectedOrigin } from "./client-data.ts";
import { invalidResponse, type RegistrationCredential } from "./credential-json.ts";

/** What the relay takes, the strongest of what most authenticators have first: EdDSA, ES256, RS256. */
export const ALGORITHMS = [COSEALG.EdDSA, COSEALG.ES256, COSEALG.RS256];

/** An RSA key of 4,096 bits has 528 in COSE form. */
const MAX_PUBLIC_KEY_BYTES = 1_024;

/** What a response must answer. */
export interface ExpectedCeremony extends ExpectedOrigin {
  /** Base64url. */
  readonly challenge: string;
  /** In lower case. */
  readonly rpId: string;
  readonly userVerificationOptional: boolean;
}

/** A passkey that its authenticator made for the challenge. */
export interface MadePasskey {
  readonly credentialId: Uint8Array;
  /** COSE form. */
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly backedUp: boolean;
}

/**
 * Verifies the answer to a registration (WebAuthn Level 3, section 7.1). Attestation is not asked for: a statement other
 * than "none", and than the key's own signature that browsers pass on, is refused, so that no certificate of a stranger is
 * parsed and nothing is fetched for one. Throws WEBAUTHN_RESPONSE_INVALID, USER_VERIFICATION_MISSING.
 */
export async function verifyRegistration(
  credential: RegistrationCredential,
  expected: ExpectedCeremony,
): Promise<MadePasskey> {
  const { response } = credential;
  const { origin } = checkedClientData(response.clientDataJSON, expected);
  const info = await verified(credential, expected, origin);
  const { id, publicKey, counter } = info.credential;
  if (id !== credential.id) throw invalidResponse("the response is about two credentials");
  if (publicKey.length > MAX_PUBLIC_KEY_BYTES) throw invalidResponse("the passkey's public key is too long");
  if (!info.userVerified && !expected.userVerificationOptional) throw userVerificationMissing();
  const credentialId = new Uint8Array(Buffer.from(id, "base64url"));
  return { credentialId, publicKey, counter, backedUp: info.credentialBackedUp };
}

async function verified(
  credential: RegistrationCredential,
  { challenge, rpId }: ExpectedCeremony,
  origin: string,
) {
  try {
    const { response } = credential;
    if (hasPlainAttestation(Buffer.from(response.attestationObject, "base64url"))) {
      const result = await verifyRegistrationResponse({
        response: {
          id: credential.id,
          rawId: credential.rawId,
          type: credential.type,
          clientExtensionResults: {},
          response: {
            clientDataJSON: response.clientDataJSON,
            attestationObject: response.attestationObject,
          },
        } satisfies RegistrationResponseJSON,
        expectedChallenge: challenge,
        expectedOrigin: origin,
        expectedRPID: rpId,
        // Looked at by the caller, who says so in a reason of its own.
        requireUserVerification: false,
        supportedAlgorithmIDs: ALGORITHMS,
      });
      if (result.verified) return result.registrationInfo;
    }
  } catch {
    // The library's errors hold values of what was sent.
  }
  throw invalidResponse(
    "the response is not one to this challenge and relying party, or of a kind that is not taken",
  );
}

/** Throws for what cannot be decoded. */
function hasPlainAttestation(attestationObject: Uint8Array<ArrayBuffer>): boolean {
  const decoded = decodeAttestationObject(attestationObject);
  const format = decoded.get("fmt");
  if (format === "none") return true;
  return format === "packed" && decoded.get("attStmt").get("x5c") === undefined;
}

export function userVerificationMissing(): DomainError {
  return new DomainError(ErrorReason.USER_VERIFICATION_MISSING, "the authenticator did not verify its user");
}
