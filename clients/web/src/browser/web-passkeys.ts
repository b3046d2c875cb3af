import { Code } from "@connectrpc/connect";
import { PRF_INPUT } from "@countersign/crypto/derive.ts";
import { CountersignError, type ErrorReasonName } from "../countersign-error.ts";
import { registrationJson, signInJson } from "../wallet/credential-json.ts";
import { type Passkeys, wipe } from "../wallet/passkeys.ts";
import { creationOptions, requestOptions } from "./public-key-options.ts";

/** The passkeys of this browser. */
export const webPasskeys: Passkeys = {
  async register(optionsJson, signal) {
    const publicKey = withPrf(creationOptions(optionsJson));
    const credential = await asked(() => navigator.credentials.create(bounded(publicKey, signal)));
    const prfFirst = takePrf(credential);
    const { response } = credential;
    if (!(response instanceof AuthenticatorAttestationResponse)) throw unusable(prfFirst);
    const credentialId = new Uint8Array(credential.rawId);
    const credentialJson = registrationJson({
      credentialId,
      clientDataJson: new Uint8Array(response.clientDataJSON),
      attestationObject: new Uint8Array(response.attestationObject),
      transports: response.getTransports(),
    });
    return { credentialId, credentialJson, prfFirst };
  },

  async signIn(optionsJson, signal) {
    const publicKey = withPrf(requestOptions(optionsJson));
    const { prfFirst, userHandle, ...assertion } = await assertionFor(publicKey, signal);
    const { credentialId } = assertion;
    return { credentialId, credentialJson: signInJson({ ...assertion, userHandle }), prfFirst };
  },

  async assert({ rpId, challenge, allow, withPrf: wantsPrf }, signal) {
    const publicKey: PublicKeyCredentialRequestOptions = {
      rpId,
      challenge: Uint8Array.from(challenge),
      allowCredentials: allow.map((id) => ({ type: "public-key", id: Uint8Array.from(id) })),
      userVerification: "required",
    };
    const made = await assertionFor(wantsPrf ? withPrf(publicKey) : publicKey, signal);
    const { prfFirst, credentialId, clientDataJson, authenticatorData, signature } = made;
    const assertion = { credentialId, clientDataJson, authenticatorData, signature };
    return { credentialId, prfFirst, assertion };
  },
};

async function assertionFor(publicKey: PublicKeyCredentialRequestOptions, signal: AbortSignal | undefined) {
  const credential = await asked(() => navigator.credentials.get(bounded(publicKey, signal)));
  const prfFirst = takePrf(credential);
  const { response } = credential;
  if (!(response instanceof AuthenticatorAssertionResponse)) throw unusable(prfFirst);
  return {
    prfFirst,
    credentialId: new Uint8Array(credential.rawId),
    clientDataJson: new Uint8Array(response.clientDataJSON),
    authenticatorData: new Uint8Array(response.authenticatorData),
    signature: new Uint8Array(response.signature),
    userHandle: response.userHandle === null ? undefined : new Uint8Array(response.userHandle),
  };
}

function withPrf<T extends { extensions?: AuthenticationExtensionsClientInputs }>(options: T): T {
  const prf = { eval: { first: Uint8Array.from(PRF_INPUT) } };
  return { ...options, extensions: { ...options.extensions, prf } };
}

function bounded<T>(publicKey: T, signal: AbortSignal | undefined): { publicKey: T; signal?: AbortSignal } {
  return signal === undefined ? { publicKey } : { publicKey, signal };
}

/** What the PRF gave: the buffer that the credential itself holds, so that taking it to the worker leaves none here. */
function takePrf(credential: PublicKeyCredential): ArrayBuffer | undefined {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  if (first === undefined || first instanceof ArrayBuffer) return first;
  const bytes = new Uint8Array(first.buffer, first.byteOffset, first.byteLength);
  const taken = bytes.slice();
  bytes.fill(0);
  return taken.buffer;
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (error) {
    throw failure(error);
  }
  throw unusable(undefined);
}

function unusable(prfFirst: ArrayBuffer | undefined): CountersignError {
  wipe(prfFirst);
  return failed("the browser gave no passkey", Code.Internal);
}

/** What navigator.credentials says went wrong (WebAuthn Level 3, sections 5.1.3 and 5.1.4). */
function failure(error: unknown): CountersignError {
  switch (error instanceof DOMException ? error.name : undefined) {
    case "AbortError":
      return failed("the passkey is not asked for any more", Code.Canceled, error);
    case "NotAllowedError":
      return failed(
        "the user did not agree, was too slow, or has no such passkey",
        Code.PermissionDenied,
        error,
      );
    case "InvalidStateError":
      return failed(
        "this authenticator has a passkey of the user already",
        Code.AlreadyExists,
        error,
        "PASSKEY_EXISTS",
      );
    case "SecurityError":
      return failed("the page's origin does not belong to the relying party", Code.PermissionDenied, error);
    default:
      return failed("the passkey could not be used", Code.Unknown, error);
  }
}

function failed(
  message: string,
  code: Code,
  cause?: unknown,
  reason: ErrorReasonName = "UNSPECIFIED",
): CountersignError {
  return new CountersignError(message, { reason, code, cause });
}
