import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { VerifiedAuthenticationResponse } from "@simplewebauthn/server";

/** A passkey's assertion, as navigator.credentials.get gives it, without extension results. */
export interface Assertion {
  readonly credentialId: Uint8Array;
  readonly clientDataJson: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly signature: Uint8Array;
}

/** What an assertion has to be. */
export interface ExpectedAssertion {
  /** 32 bytes. */
  readonly challenge: Uint8Array;
  readonly rpId: string;
  /** The wallet's. */
  readonly origins: readonly string[];
  /** The passkey's public key in COSE form. */
  readonly publicKey: Uint8Array;
}

/**
 * Verifies an assertion of one passkey, with user verification: its signature counter. Throws ASSERTION_INVALID, and
 * USER_VERIFICATION_MISSING for one that is right but for that.
 */
export async function verifyAssertion(assertion: Assertion, expected: ExpectedAssertion): Promise<number> {
  let answer: VerifiedAuthenticationResponse;
  try {
    answer = await verifyResponse(assertion, expected);
  } catch (error) {
    throw invalidAssertion(error);
  }
  if (!answer.verified) throw invalidAssertion();
  const { userVerified, newCounter } = answer.authenticationInfo;
  if (!userVerified) {
    throw new DomainError(
      ErrorReason.USER_VERIFICATION_MISSING,
      "the authenticator did not verify the user, which threshold keys ask for",
    );
  }
  return newCounter;
}

/** ASSERTION_INVALID. */
export function invalidAssertion(cause?: unknown): DomainError {
  return new DomainError(
    ErrorReason.ASSERTION_INVALID,
    "the assertion is not one for this request by a passkey of the key",
    { cause },
  );
}

async function verifyResponse(
  { credentialId, clientDataJson, authenticatorData, signature }: Assertion,
  { challenge, rpId, origins, publicKey }: ExpectedAssertion,
): Promise<VerifiedAuthenticationResponse> {
  // Loaded with the first assertion: it is large, and signers without threshold keys see none.
  const { verifyAuthenticationResponse } = await import("@simplewebauthn/server");
  const id = base64url(credentialId);
  const topOrigin = topOriginOf(clientDataJson);
  return verifyAuthenticationResponse({
    response: {
      id,
      rawId: id,
      type: "public-key",
      clientExtensionResults: {},
      response: {
        clientDataJSON: base64url(clientDataJson),
        authenticatorData: base64url(authenticatorData),
        signature: base64url(signature),
      },
    },
    expectedChallenge: base64url(challenge),
    expectedOrigin: [...origins],
    expectedRPID: rpId,
    ...(topOrigin === undefined ? {} : { expectedTopOrigin: topOrigin }),
    // Asked afterwards, for an answer of its own. The store compares the counter: two may come at once.
    requireUserVerification: false,
    credential: { id, publicKey: new Uint8Array(publicKey), counter: 0 },
  });
}

/**
 * The application that frames the wallet. Which ones may is the wallet's own to say (its frame-ancestors), and the page
 * that signs is the wallet's always: any is taken. Throws what JSON.parse does.
 */
function topOriginOf(clientDataJson: Uint8Array): string | undefined {
  const data: unknown = JSON.parse(Buffer.from(clientDataJson).toString("utf8"));
  if (typeof data !== "object" || data === null || !("topOrigin" in data)) return undefined;
  return typeof data.topOrigin === "string" ? data.topOrigin : undefined;
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
