import type { IdentityProviderSettings } from "../ports.ts";

const GOOGLE = "https://accounts.google.com";

/** An OpenID provider as a tenant uses it. */
export interface Provider {
  readonly id: string;
  /** Where its configuration is, and what accounts are kept under. */
  readonly issuer: string;
  /** What claim iss may be. */
  readonly issuerForms: readonly string[];
  readonly clientId: string;
  /** Empty for a public client. */
  readonly clientSecretName: string;
}

/**
 * Google's ID tokens name their issuer with or without "https://"
 * (https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload).
 */
export function providerOf({ id, issuer, clientId, clientSecretName }: IdentityProviderSettings): Provider {
  const given = issuer === "" && id === "google" ? GOOGLE : issuer;
  const issuerForms = given === GOOGLE ? [GOOGLE, "accounts.google.com"] : [given];
  return { id, issuer: given, issuerForms, clientId, clientSecretName };
}
