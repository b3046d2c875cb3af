import { base64Encode } from "@bufbuild/protobuf/wire";

/** Bytes of an attestation, as navigator.credentials.create gives them. */
export interface Attestation {
  readonly credentialId: Uint8Array;
  readonly clientDataJson: Uint8Array;
  readonly attestationObject: Uint8Array;
  readonly transports: readonly string[];
}

/** Bytes of an assertion for a sign-in. */
export interface SignInAssertion {
  readonly credentialId: Uint8Array;
  readonly clientDataJson: Uint8Array;
  readonly authenticatorData: Uint8Array;
  readonly signature: Uint8Array;
  readonly userHandle: Uint8Array | undefined;
}

/**
 * A RegistrationResponseJSON (WebAuthn Level 3, section 5.1.7). It is written field by field, because `toJSON` of a
 * credential also writes what the PRF gave.
 */
export function registrationJson(of: Attestation): string {
  return credentialJson(of.credentialId, {
    clientDataJSON: base64url(of.clientDataJson),
    attestationObject: base64url(of.attestationObject),
    transports: of.transports,
  });
}

/** An AuthenticationResponseJSON, written field by field as well. */
export function signInJson(of: SignInAssertion): string {
  return credentialJson(of.credentialId, {
    clientDataJSON: base64url(of.clientDataJson),
    authenticatorData: base64url(of.authenticatorData),
    signature: base64url(of.signature),
    ...(of.userHandle === undefined ? {} : { userHandle: base64url(of.userHandle) }),
  });
}

function credentialJson(credentialId: Uint8Array, response: object): string {
  const id = base64url(credentialId);
  return JSON.stringify({ id, rawId: id, type: "public-key", clientExtensionResults: {}, response });
}

function base64url(bytes: Uint8Array): string {
  return base64Encode(bytes, "url");
}
