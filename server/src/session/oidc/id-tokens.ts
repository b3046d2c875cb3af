import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type JWTPayload, jwtVerify } from "jose";
import { saysAppToken } from "../../access/app-token-type.ts";
import { KeysUnavailable, TOKEN_ALGORITHMS, type TokenKeys } from "../../access/token-keys.ts";
import type { ProviderAccountRecord } from "../ports.ts";
import { sameText } from "../same-text.ts";
import { ProviderUnavailable } from "./bounded-fetch.ts";
import type { Discovery } from "./discovery.ts";
import type { Provider } from "./provider.ts";

/** How far a provider's clock may differ, in seconds. */
const CLOCK_SKEW_S = 60;
/** How long a caller should wait while a provider cannot be asked, in milliseconds. */
const RETRY_MS = 5_000;
/** 1 to 255 ASCII characters (OpenID Connect Core 1.0, section 2). */
const SUBJECT = /^[\x21-\x7e]{1,255}$/;

export interface IdTokensOptions {
  readonly discovery: Pick<Discovery, "of">;
  readonly keys: Pick<TokenKeys, "of">;
  readonly now: () => Date;
}

/** What the ID token must fit to: the sign-in that asked for it. */
export interface ExpectedIdToken {
  readonly nonce: string;
  /** When the sign-in was begun: a token with its nonce cannot be older. */
  readonly begunAt: Date;
}

/** Verifies ID tokens (OpenID Connect Core 1.0, section 3.1.3.7). */
export class IdTokens {
  readonly #options: IdTokensOptions;

  constructor(options: IdTokensOptions) {
    this.#options = options;
  }

  /** The account that the token proves. Throws ID_TOKEN_INVALID, IDENTITY_PROVIDER_UNAVAILABLE. */
  async verify(token: string, provider: Provider, expected: ExpectedIdToken): Promise<ProviderAccountRecord> {
    const { discovery, keys, now } = this.#options;
    try {
      if (saysAppToken(token)) throw new Error("the token is an app token");
      const { jwksUri } = await discovery.of(provider);
      const keySet = keys.of({ issuer: provider.issuer, jwksUri, jwksJson: "" });
      const { payload } = await jwtVerify(token, keySet, {
        issuer: [...provider.issuerForms],
        audience: provider.clientId,
        algorithms: [...TOKEN_ALGORITHMS],
        clockTolerance: CLOCK_SKEW_S,
        requiredClaims: ["exp", "iat", "sub", "nonce"],
        currentDate: now(),
      });
      assertFits(payload, provider, expected, now());
      return { providerId: provider.id, issuer: provider.issuer, subject: payload.sub ?? "" };
    } catch (error) {
      if (error instanceof KeysUnavailable || error instanceof ProviderUnavailable) {
        throw providerUnavailable(error);
      }
      throw invalidIdToken(error);
    }
  }
}

function assertFits(
  { aud, azp, iat = 0, nonce, sub = "" }: JWTPayload,
  { clientId }: Provider,
  expected: ExpectedIdToken,
  now: Date,
): void {
  // Of several audiences, the token was made for one.
  if (Array.isArray(aud) && aud.length > 1 && azp !== clientId)
    throw new Error("the token is another client's");
  if (typeof nonce !== "string" || !sameText(nonce, expected.nonce))
    throw new Error("the nonce is another's");
  if (iat < expected.begunAt.getTime() / 1000 - CLOCK_SKEW_S)
    throw new Error("the token is older than its nonce");
  if (iat > now.getTime() / 1000 + CLOCK_SKEW_S) throw new Error("the token is of later");
  if (!SUBJECT.test(sub)) throw new Error("the subject cannot be an account's");
}

/** The same words for whatever is wrong. */
export function invalidIdToken(cause: unknown): DomainError {
  return new DomainError(ErrorReason.ID_TOKEN_INVALID, "the ID token is not valid for this sign-in", {
    cause,
  });
}

export function providerUnavailable(cause: unknown): DomainError {
  return new DomainError(
    ErrorReason.IDENTITY_PROVIDER_UNAVAILABLE,
    "the identity provider cannot be asked now",
    { retryAfterMs: RETRY_MS, cause },
  );
}
