import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { DomainError, type Secret } from "@countersign/service-kit";
import * as z from "zod";
import { invalidRefreshToken } from "../app-sessions.ts";
import type { UserRecord } from "../ports.ts";
import { assertEnabled, assertNotPaused, assertOrigin } from "../relying-party.ts";
import { challengeOf, sameText } from "../same-text.ts";
import { exchangeCode } from "./code-exchange.ts";
import type { Discovery } from "./discovery.ts";
import { invalidIdToken, providerUnavailable } from "./id-tokens.ts";
import { type ProviderSignInContext, providerFor, randomText, walletOrigins } from "./sign-in-context.ts";

/** How long a user may take, in milliseconds. */
export const REDIRECT_MS = 10 * 60_000;
/** How long a sign-in code is good, in milliseconds. */
const CODE_MS = 60_000;
/** RFC 7636, section 4.2, with S256: SHA-256 in base64url. */
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/;
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/;
/** Longest address to come back to, in characters. */
const MAX_RETURN_TO = 2_048;

export interface RedirectContext extends ProviderSignInContext {
  readonly discovery: Pick<Discovery, "of">;
  /** The relay's own origin. */
  readonly issuer: string;
  readonly clientSecrets: Readonly<Record<string, Secret<string>>>;
}

/** What a wallet asks for. */
export interface RedirectRequest {
  readonly tenant: string;
  readonly providerId: string;
  readonly returnTo: string;
  /** Of the wallet's own verifier: whoever steals the code at the end cannot redeem it. */
  readonly challenge: string;
}

const begunRedirect = z.strictObject({
  tenant: z.string(),
  providerId: z.string(),
  returnTo: z.string(),
  challenge: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** SHA-256 of what the browser's cookie holds. */
  browser: z.string(),
  /** Unix milliseconds. */
  begunAt: z.number(),
});

/** A redirect that is under way. */
export type BegunRedirect = z.output<typeof begunRedirect>;

const signInCode = z.strictObject({
  tenant: z.string(),
  account: z.strictObject({ providerId: z.string(), issuer: z.string(), subject: z.string() }),
  challenge: z.string(),
  /** Of the page that the browser was sent back to. */
  origin: z.string(),
});

/** The address to come back to, if the tenant's wallets are there; undefined for any other. */
export function allowedReturnTo(
  { directory }: Pick<RedirectContext, "directory">,
  tenant: string,
  returnTo: string,
): URL | undefined {
  const url = returnTo.length > MAX_RETURN_TO ? null : URL.parse(returnTo);
  if (url === null || url.hash !== "" || url.username !== "" || url.password !== "") return undefined;
  // The origin of a "blob:" is that of the page that made it.
  if (!url.href.startsWith(`${url.origin}/`)) return undefined;
  return walletOrigins(directory, tenant).includes(url.origin) ? url : undefined;
}

/**
 * Where to send the browser, and what its cookie holds meanwhile. Throws TENANT_*, PAUSED, IDENTITY_PROVIDER_*,
 * ORIGIN_NOT_ALLOWED for an address to come back to that is no wallet's, FIELD_INVALID, SHARED_STATE_UNAVAILABLE.
 */
export async function startRedirect(
  context: RedirectContext,
  { tenant, providerId, returnTo, challenge }: RedirectRequest,
): Promise<{ readonly location: URL; readonly cookie: string }> {
  const { directory, pending, discovery, randomBytes, now } = context;
  const provider = providerFor(directory, tenant, providerId, null);
  // How the redirect ends.
  assertNotPaused(directory, tenant, SessionService.method.redeemSignInCode.name);
  const back = allowedReturnTo(context, tenant, returnTo);
  if (back === undefined) {
    throw new DomainError(ErrorReason.ORIGIN_NOT_ALLOWED, "return_to is no address of the tenant's wallets");
  }
  if (!CHALLENGE.test(challenge)) {
    throw new DomainError(ErrorReason.FIELD_INVALID, "challenge must be a SHA-256 in base64url");
  }
  const { authorizationEndpoint } = await discovery.of(provider).catch((error: unknown) => {
    throw providerUnavailable(error);
  });
  const [state, nonce, verifier, cookie] = Array.from({ length: 4 }, () => randomText(randomBytes)) as [
    string,
    string,
    string,
    string,
  ];
  const begun: BegunRedirect = {
    ...{ tenant, providerId, challenge, nonce, verifier },
    returnTo: back.href,
    browser: challengeOf(cookie),
    begunAt: now().getTime(),
  };
  await pending.put("redirect", state, begun, REDIRECT_MS);
  const location = new URL(authorizationEndpoint);
  const parameters = {
    response_type: "code",
    client_id: provider.clientId,
    redirect_uri: redirectUri(context, providerId),
    scope: "openid",
    state,
    nonce,
    code_challenge: challengeOf(verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) location.searchParams.set(name, value);
  return { location, cookie };
}

/**
 * Takes the redirect that a state names, once, for the browser that began it. Throws CHALLENGE_INVALID: then nothing says
 * where the browser may be sent.
 */
export async function takeRedirect(
  { pending }: Pick<RedirectContext, "pending">,
  given: { readonly state: string; readonly providerId: string; readonly cookie: string | undefined },
): Promise<BegunRedirect> {
  const result = begunRedirect.safeParse(await pending.take("redirect", given.state));
  const isTheirs =
    result.success &&
    result.data.providerId === given.providerId &&
    sameText(challengeOf(given.cookie ?? ""), result.data.browser);
  if (isTheirs) return result.data;
  throw new DomainError(
    ErrorReason.CHALLENGE_INVALID,
    "this sign-in was not begun in this browser, its time is over, or it was finished",
  );
}

/**
 * Redeems the provider's code, and answers with a code of the relay's own, for the wallet that the browser is sent back to.
 * Throws ID_TOKEN_INVALID, IDENTITY_PROVIDER_*, TENANT_*, PAUSED, SHARED_STATE_UNAVAILABLE.
 */
export async function finishRedirect(
  context: RedirectContext,
  begun: BegunRedirect,
  answer: { readonly code: string | undefined; readonly issuer: string | undefined },
): Promise<string> {
  const { directory, discovery, idTokens, pending, randomBytes, clientSecrets } = context;
  const { tenant, providerId, nonce, verifier, challenge, returnTo } = begun;
  const provider = providerFor(directory, tenant, providerId, null);
  if (answer.code === undefined) throw invalidIdToken(new Error("the provider gave no code"));
  // Against mix-up (RFC 9207), where the provider takes part.
  if (answer.issuer !== undefined && !provider.issuerForms.includes(answer.issuer)) {
    throw invalidIdToken(new Error("another provider has answered"));
  }
  const metadata = await discovery.of(provider).catch((error: unknown) => {
    throw providerUnavailable(error);
  });
  const idToken = await exchangeCode(metadata, {
    code: answer.code,
    verifier,
    redirectUri: redirectUri(context, providerId),
    clientId: provider.clientId,
    clientSecret: secretOf(clientSecrets, provider.clientSecretName),
  });
  const begunAt = new Date(begun.begunAt);
  const account = await idTokens.verify(idToken, provider, { nonce, begunAt });
  const code = randomText(randomBytes);
  const { origin } = new URL(returnTo);
  const kept: z.output<typeof signInCode> = { tenant, account, challenge, origin };
  await pending.put("sign-in-code", code, kept, CODE_MS);
  return code;
}

/**
 * Who has signed in with the redirect that the code stands for. A code is used up by one try. Throws
 * REFRESH_TOKEN_INVALID, TENANT_DISABLED, PAUSED, ORIGIN_NOT_ALLOWED, LEDGER_UNAVAILABLE, SHARED_STATE_UNAVAILABLE.
 */
export async function redeemSignInCode(
  { pending, directory, users }: ProviderSignInContext,
  { code, verifier }: { readonly code: string; readonly verifier: string },
  origin: string | null,
): Promise<UserRecord> {
  const result = signInCode.safeParse(await pending.take("sign-in-code", code));
  if (!result.success) throw invalidRefreshToken();
  const { tenant, account, challenge, origin: expected } = result.data;
  if (!VERIFIER.test(verifier) || !sameText(challengeOf(verifier), challenge)) throw invalidRefreshToken();
  assertOrigin([expected], origin);
  assertEnabled(directory, tenant);
  assertNotPaused(directory, tenant);
  // An operator may have taken out the wallet or the provider since the user came back from it.
  assertOrigin(walletOrigins(directory, tenant), expected);
  const isProvider = directory.signIn(tenant)?.providers.some(({ id }) => id === account.providerId);
  if (isProvider !== true) throw invalidRefreshToken();
  return users.userOfAccount(tenant, account);
}

function redirectUri({ issuer }: Pick<RedirectContext, "issuer">, providerId: string): string {
  return `${issuer}/auth/${providerId}/callback`;
}

function secretOf(secrets: RedirectContext["clientSecrets"], name: string): Secret<string> | undefined {
  if (name === "") return undefined;
  const secret = Object.hasOwn(secrets, name) ? secrets[name] : undefined;
  if (secret !== undefined) return secret;
  throw providerUnavailable(new Error(`session.client_secrets holds no "${name}"`));
}
