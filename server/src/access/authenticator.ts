import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { Directory } from "../tenant/directory.ts";
import type { ApiKeyHasher, ApiKeyParts } from "./api-key.ts";
import type { Caller } from "./caller.ts";
import { keyCaller } from "./callers.ts";
import { readCredentials } from "./credentials.ts";
import { invalidCredentials, RefusedCredentials } from "./refused-credentials.ts";
import type { TokenAuthenticator } from "./token-authenticator.ts";

/** What an authenticator may look at. */
export interface CredentialsRequest {
  /** Of the call, cookies among them. */
  readonly headers: Headers;
  readonly directory: Directory;
}

/**
 * Finds out who calls. Undefined when the call has no credentials that this authenticator knows; a DomainError
 * (CREDENTIALS_INVALID, CREDENTIALS_EXPIRED, CREDENTIALS_REVOKED) when it has and they are not good. Make callers with
 * `keyCaller` and `userCaller`. Cookies go along with calls that other sites make: an authenticator that reads them
 * relies on SameSite and on the tenant's allowed origins.
 */
export interface Authenticator {
  authenticate(request: CredentialsRequest): Promise<Caller | undefined>;
}

export interface AuthenticatorOptions {
  readonly directory: Directory;
  readonly hasher: ApiKeyHasher;
  readonly tokens: TokenAuthenticator;
  /** Asked first, in order. */
  readonly custom: readonly Authenticator[];
  readonly now: () => Date;
}

/** Asks the custom authenticators, then takes API keys and tokens. */
export function createAuthenticator(options: AuthenticatorOptions): (headers: Headers) => Promise<Caller> {
  const { directory, hasher, tokens, custom, now } = options;
  return async (headers) => {
    for (const authenticator of custom) {
      const caller = await authenticator.authenticate({ headers, directory });
      if (caller !== undefined) return caller;
    }
    const credentials = readCredentials(headers);
    if (credentials === undefined) {
      throw new DomainError(ErrorReason.CREDENTIALS_MISSING, "this method needs credentials");
    }
    return credentials.kind === "token"
      ? tokens.authenticate(credentials.token)
      : keyHolder(credentials.key, { directory, hasher }, now());
  };
}

const NO_HASH = new Uint8Array(32);

/** That a key was revoked or has expired is told only to who holds its secret. */
function keyHolder(
  presented: ApiKeyParts,
  { directory, hasher }: Pick<AuthenticatorOptions, "directory" | "hasher">,
  now: Date,
): Caller {
  const key = directory.key(presented.id);
  // An id that nobody has costs as long as a wrong secret.
  const proven = hasher.verify(presented, key?.secretHash ?? NO_HASH);
  if (key === undefined || !proven) throw invalidCredentials();
  const caller = keyCaller(key);
  const whose = { tenant: caller.tenant, actor: caller.actor };
  if (key.revokedAt !== null) {
    throw new RefusedCredentials(ErrorReason.CREDENTIALS_REVOKED, "the key was revoked", { whose });
  }
  if (key.expiresAt !== null && key.expiresAt <= now) {
    throw new RefusedCredentials(ErrorReason.CREDENTIALS_EXPIRED, "the key has expired", { whose });
  }
  return caller;
}
