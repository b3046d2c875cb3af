import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import type { TokenIssuer } from "../ledger/protection-types.ts";
import { isUserId } from "../session/user-id.ts";
import type { Directory } from "../tenant/directory.ts";
import { saysAppToken } from "./app-token-type.ts";
import type { Caller } from "./caller.ts";
import { isEndUserId, userCaller } from "./callers.ts";
import { invalidCredentials, RefusedCredentials } from "./refused-credentials.ts";
import { KeysUnavailable, TOKEN_ALGORITHMS, TokenKeys, type TokenKeysOptions } from "./token-keys.ts";

/** Audiences of one token that are looked at; more are refused. */
const MAX_AUDIENCES = 16;
/** A token that ends later than this from now is refused, in seconds: it cannot be revoked. 31 days. */
const MAX_LIFETIME_S = 31 * 86_400;
/** How long a caller should wait while an issuer's keys cannot be had, in milliseconds. */
const RETRY_MS = 5_000;

export interface TokenAuthenticatorOptions extends TokenKeysOptions {
  readonly directory: Pick<Directory, "issuer" | "signIn">;
}

/** Verifies JSON Web Tokens (RFC 7519, RFC 8725) of the issuers that tenants trust. Their subjects are end users. */
export class TokenAuthenticator {
  readonly #options: TokenAuthenticatorOptions;
  readonly #keys: TokenKeys;

  constructor(options: TokenAuthenticatorOptions) {
    this.#options = options;
    this.#keys = new TokenKeys(options);
  }

  /**
   * The end user that the token proves. Nothing is fetched for a token whose issuer and audience no tenant trusts;
   * for the others, at most one fetch of an issuer's keys is under way, and failed ones are not repeated at once. What
   * the token may do stands in the issuer's configuration, whatever the token says. No token names a user who has an
   * app session, where the tenant's users sign in.
   *
   * @throws CREDENTIALS_INVALID, CREDENTIALS_EXPIRED (only when the signature is good), TOKEN_KEYS_UNAVAILABLE
   *   while the issuer's keys cannot be had: the same token may be good a moment later
   */
  async authenticate(token: string): Promise<Caller> {
    const { directory, now } = this.#options;
    // A relay's tokens are no issuer's, even where a tenant trusts its keys.
    const trusted = saysAppToken(token) ? undefined : trustedIssuer(token, directory);
    if (trusted === undefined) throw invalidCredentials();
    const { tenant, issuer } = trusted;
    try {
      const at = now();
      const { payload } = await jwtVerify(token, this.#keys.of(issuer), {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: issuer.algorithms.filter((name) => TOKEN_ALGORITHMS.has(name)),
        clockTolerance: issuer.clockSkewSeconds,
        requiredClaims: ["exp", "sub"],
        currentDate: at,
      });
      const user = userOf(payload, issuer, at);
      // An issuer's subject may be what its user has chosen.
      if (isUserId(user) && directory.signIn(tenant) !== undefined) {
        throw new Error("the subject is that of a user who signs in here");
      }
      return userCaller(tenant, user, issuer.scopes);
    } catch (error) {
      if (error instanceof KeysUnavailable) {
        throw new DomainError(ErrorReason.TOKEN_KEYS_UNAVAILABLE, "the token cannot be verified now", {
          retryAfterMs: RETRY_MS,
          cause: error,
        });
      }
      if (error instanceof errors.JWTExpired) throw expired(tenant, issuer, error);
      throw invalidCredentials(error);
    }
  }
}

/** By what the token says of itself, which nothing proves yet. */
function trustedIssuer(token: string, directory: Pick<Directory, "issuer">) {
  let claims: JWTPayload;
  try {
    claims = decodeJwt(token);
  } catch {
    return undefined;
  }
  const { iss, aud } = claims;
  const audiences: unknown = typeof aud === "string" ? [aud] : aud;
  if (typeof iss !== "string" || !Array.isArray(audiences) || audiences.length > MAX_AUDIENCES)
    return undefined;
  return directory.issuer(
    iss,
    audiences.filter((audience) => typeof audience === "string"),
  );
}

function userOf(payload: JWTPayload, issuer: TokenIssuer, at: Date): string {
  const user = endUserOf(payload, issuer);
  if (user === undefined) throw new Error("the subject cannot be an end user's id");
  const { exp } = payload;
  if (exp === undefined || exp > at.getTime() / 1000 + MAX_LIFETIME_S)
    throw new Error("the token lives too long");
  return user;
}

/** The prefix keeps the subjects of a tenant's issuers apart. */
function endUserOf({ sub }: JWTPayload, { subjectPrefix }: TokenIssuer): string | undefined {
  const user = `${subjectPrefix}${sub}`;
  return typeof sub === "string" && sub !== "" && isEndUserId(user) ? user : undefined;
}

function expired(
  tenant: string,
  issuer: TokenIssuer,
  { payload, cause }: errors.JWTExpired,
): RefusedCredentials {
  const user = endUserOf(payload, issuer);
  return new RefusedCredentials(ErrorReason.CREDENTIALS_EXPIRED, "the token has expired", {
    cause,
    ...(user === undefined ? {} : { whose: { tenant, actor: `user:${user}` } }),
  });
}
