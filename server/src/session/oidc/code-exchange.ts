import type { Secret } from "@countersign/service-kit";
import { askProvider, ProviderUnavailable } from "./bounded-fetch.ts";
import type { ProviderMetadata } from "./discovery.ts";
import { invalidIdToken, providerUnavailable } from "./id-tokens.ts";

/** Longest ID token that is taken, in characters. */
const MAX_ID_TOKEN = 8_192;

export interface CodeExchange {
  readonly code: string;
  /** PKCE's code_verifier (RFC 7636). */
  readonly verifier: string;
  readonly redirectUri: string;
  readonly clientId: string;
  /** Undefined for a public client. */
  readonly clientSecret: Secret<string> | undefined;
}

/**
 * Redeems an authorization code for an ID token (OpenID Connect Core 1.0, section 3.1.3).
 *
 * @throws ID_TOKEN_INVALID when the provider refuses the code; IDENTITY_PROVIDER_UNAVAILABLE
 */
export async function exchangeCode(
  { tokenEndpoint, basicAuth }: Pick<ProviderMetadata, "tokenEndpoint" | "basicAuth">,
  { code, verifier, redirectUri, clientId, clientSecret }: CodeExchange,
): Promise<string> {
  const form = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: redirectUri,
    client_id: clientId,
    code_verifier: verifier,
  });
  const headers = new Headers({ accept: "application/json" });
  if (clientSecret !== undefined && basicAuth) {
    const pair = [clientId, clientSecret.reveal()].map(formEncoded).join(":");
    headers.set("authorization", `Basic ${Buffer.from(pair).toString("base64")}`);
  } else if (clientSecret !== undefined) form.set("client_secret", clientSecret.reveal());
  const { status, body } = await askProvider(tokenEndpoint, { method: "POST", headers, body: form }).catch(
    (error: unknown) => {
      throw providerUnavailable(error);
    },
  );
  if (status >= 500)
    throw providerUnavailable(new ProviderUnavailable(`the token endpoint answered HTTP ${status}`));
  // Other members of the answer are tokens too: they go into no error.
  const { id_token: idToken } = Object(body) as { id_token?: unknown };
  if (status !== 200 || typeof idToken !== "string" || idToken.length > MAX_ID_TOKEN) {
    throw invalidIdToken(new Error(`the token endpoint gave no ID token (HTTP ${status})`));
  }
  return idToken;
}

/** As in a form (RFC 6749, section 2.3.1). */
function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}
