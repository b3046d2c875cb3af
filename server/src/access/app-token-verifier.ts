import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { AppTokenCache } from "./app-token-cache.ts";
import { APP_TOKEN_TYPE } from "./app-token-type.ts";
import type { AppSessionRef } from "./caller.ts";
import { isEndUserId } from "./callers.ts";
import { invalidCredentials, RefusedCredentials } from "./refused-credentials.ts";
import { KeysUnavailable } from "./token-keys.ts";

/** Longest life of an app token, in seconds: so long the sessions that have ended are remembered. */
export const MAX_APP_TOKEN_S = 900;
/** How far a peer's clock may be ahead, in seconds. */
const CLOCK_SKEW_S = 60;
const RETRY_MS = 5_000;

/** Whose app tokens are taken: this relay's own, or a peer's. */
export interface AppTokenIssuer {
  /** Claim iss, compared exactly. */
  readonly issuer: string;
  readonly audience: string;
  readonly keys: JWTVerifyGetKey;
  /** For whose users a peer speaks; null for the relay's own tokens. */
  readonly tenants: ReadonlySet<string> | null;
}

/** What an app token proves. */
export interface AppTokenClaims {
  readonly tenant: string;
  readonly userId: string;
  /** Null for a peer's: this relay knows nothing of that session. */
  readonly session: AppSessionRef | null;
}

export interface AppTokenVerifierOptions {
  /** No two with one issuer. */
  readonly issuers: readonly AppTokenIssuer[];
  /** Whether a session of this relay has ended. Throws LEDGER_UNAVAILABLE when that is not known for sure. */
  readonly isEnded: (sessionId: string) => boolean;
  readonly now: () => Date;
}

/** Verifies the access tokens of app sessions (RFC 7519, RFC 8725): Ed25519 signatures, of this type, nothing else. */
export class AppTokenVerifier {
  readonly #options: AppTokenVerifierOptions;
  readonly #issuers: ReadonlyMap<string, AppTokenIssuer>;
  readonly #verified = new AppTokenCache();

  constructor(options: AppTokenVerifierOptions) {
    this.#options = options;
    this.#issuers = new Map(options.issuers.map((issuer) => [issuer.issuer, issuer]));
  }

  /**
   * A signature that was good counts on for a minute at most, whatever becomes of the key; that its session has not ended
   * is asked each time.
   *
   * @throws CREDENTIALS_INVALID; CREDENTIALS_EXPIRED and CREDENTIALS_REVOKED only when the signature is good;
   *   LEDGER_UNAVAILABLE while ended sessions cannot be told apart; TOKEN_KEYS_UNAVAILABLE for a peer's token whose keys
   *   cannot be had
   */
  async verify(token: string): Promise<AppTokenClaims> {
    const { isEnded, now } = this.#options;
    const at = now();
    const claims = this.#verified.get(token, at) ?? (await this.#claims(token, at));
    if (claims.session !== null && isEnded(claims.session.id)) {
      const whose = { tenant: claims.tenant, actor: `user:${claims.userId}` };
      throw new RefusedCredentials(ErrorReason.CREDENTIALS_REVOKED, "the session has ended", { whose });
    }
    return claims;
  }

  async #claims(token: string, currentDate: Date): Promise<AppTokenClaims> {
    const issuer = this.#issuers.get(issuerOf(token) ?? "");
    if (issuer === undefined) throw invalidCredentials();
    try {
      const { payload } = await jwtVerify(token, issuer.keys, {
        typ: APP_TOKEN_TYPE,
        algorithms: ["EdDSA"],
        issuer: issuer.issuer,
        audience: issuer.audience,
        requiredClaims: ["sub", "tenant", "sid", "sst", "iat", "exp"],
        currentDate,
      });
      assertTimes(payload, currentDate);
      const claims = claimsOf(payload, issuer);
      this.#verified.put(token, claims, new Date((payload.exp ?? 0) * 1000), currentDate);
      return claims;
    } catch (error) {
      if (error instanceof KeysUnavailable) {
        throw new DomainError(ErrorReason.TOKEN_KEYS_UNAVAILABLE, "the token cannot be verified now", {
          retryAfterMs: RETRY_MS,
          cause: error,
        });
      }
      if (error instanceof errors.JWTExpired) throw expired(error, issuer);
      throw invalidCredentials(error);
    }
  }
}

/** By what the token says of itself, which nothing proves yet. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function assertTimes({ iat = 0, exp = 0 }: JWTPayload, now: Date): void {
  if (exp > iat + MAX_APP_TOKEN_S) throw new Error("the token lives too long");
  if (iat > now.getTime() / 1000 + CLOCK_SKEW_S) throw new Error("the token is of later");
}

function claimsOf(payload: JWTPayload, { tenants }: AppTokenIssuer): AppTokenClaims {
  const { sub, tenant, sid, sst } = payload;
  if (typeof sub !== "string" || !isEndUserId(sub)) throw new Error("the subject is no end user");
  if (typeof tenant !== "string" || tenants?.has(tenant) === false)
    throw new Error("the tenant is another's");
  if (typeof sid !== "string" || !Number.isSafeInteger(sst)) throw new Error("the session is not named");
  const session = { id: sid, startedAt: new Date(Number(sst) * 1000) };
  return { tenant, userId: sub, session: tenants === null ? session : null };
}

function expired({ payload, cause }: errors.JWTExpired, issuer: AppTokenIssuer): RefusedCredentials {
  try {
    const { tenant, userId } = claimsOf(payload, issuer);
    const whose = { tenant, actor: `user:${userId}` };
    return new RefusedCredentials(ErrorReason.CREDENTIALS_EXPIRED, "the token has expired", { whose, cause });
  } catch (error) {
    return invalidCredentials(error);
  }
}
