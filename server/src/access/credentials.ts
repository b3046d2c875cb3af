import { API_KEY_PREFIX, type ApiKeyParts, parseApiKey } from "./api-key.ts";
import { invalidCredentials } from "./refused-credentials.ts";

/** Longest credentials that are looked at, in characters. */
const MAX_LENGTH = 8192;
const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

/** What a call presents: an API key, or a text that may be a JSON Web Token. */
export type Credentials =
  | { readonly kind: "api-key"; readonly key: ApiKeyParts }
  | { readonly kind: "token"; readonly token: string };

/**
 * Reads `Authorization: Bearer` (RFC 6750; a token or an API key) and `X-API-Key`. Undefined when there is neither.
 *
 * @throws CREDENTIALS_INVALID for another scheme, for both headers with different contents, for more than 8 KiB and
 *   for an API key that is malformed
 */
export function readCredentials(headers: Headers): Credentials | undefined {
  const authorization = headers.get("authorization");
  const keyHeader = headers.get("x-api-key");
  const bearer = authorization === null ? undefined : bearerText(authorization);
  const text = bearer ?? keyHeader;
  if (text === null) return undefined;
  if (text.length > MAX_LENGTH || (keyHeader !== null && keyHeader !== text)) throw invalidCredentials();
  if (keyHeader === null && !text.startsWith(API_KEY_PREFIX)) return { kind: "token", token: text };
  const key = parseApiKey(text);
  if (key === undefined) throw invalidCredentials();
  return { kind: "api-key", key };
}

function bearerText(authorization: string): string {
  const text = authorization.length > MAX_LENGTH + 16 ? undefined : BEARER.exec(authorization)?.[1];
  if (text === undefined) throw invalidCredentials();
  return text;
}
