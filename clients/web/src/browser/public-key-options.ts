import { base64Decode } from "@bufbuild/protobuf/wire";

/** A PublicKeyCredentialCreationOptionsJSON as navigator.credentials.create takes it. */
export function creationOptions(json: string): PublicKeyCredentialCreationOptions {
  const options: PublicKeyCredentialCreationOptionsJSON = JSON.parse(json);
  // Browsers have it since 2023 to 2025.
  if (typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function") {
    return PublicKeyCredential.parseCreationOptionsFromJSON(options);
  }
  const { challenge, user, excludeCredentials, extensions: _, ...rest } = options;
  return {
    ...(rest as Omit<PublicKeyCredentialCreationOptions, "challenge" | "user">),
    challenge: bytes(challenge),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: descriptors(excludeCredentials),
  };
}

/** A PublicKeyCredentialRequestOptionsJSON as navigator.credentials.get takes it. */
export function requestOptions(json: string): PublicKeyCredentialRequestOptions {
  const options: PublicKeyCredentialRequestOptionsJSON = JSON.parse(json);
  if (typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function") {
    return PublicKeyCredential.parseRequestOptionsFromJSON(options);
  }
  const { challenge, allowCredentials, extensions: _, ...rest } = options;
  return {
    ...(rest as Omit<PublicKeyCredentialRequestOptions, "challenge">),
    challenge: bytes(challenge),
    allowCredentials: descriptors(allowCredentials),
  };
}

function descriptors(list: PublicKeyCredentialDescriptorJSON[] = []): PublicKeyCredentialDescriptor[] {
  return list.map(({ id, transports = [] }) => ({
    type: "public-key",
    id: bytes(id),
    transports: transports as AuthenticatorTransport[],
  }));
}

function bytes(base64url: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(base64Decode(base64url));
}
