import type { BlockList } from "node:net";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import {
  addressBucket,
  clientAddress,
  DomainError,
  type FilteredRequest,
  type FilteredResponse,
  type HttpFilter,
  reasonName,
} from "@countersign/service-kit";
import { cookieOf, REDIRECT_COOKIE } from "../access/app-cookies.ts";
import type { DefaultRates } from "../access/call-rates.ts";
import type { RateLimiter } from "../shared-state/rate-limiter.ts";
import {
  allowedReturnTo,
  finishRedirect,
  REDIRECT_MS,
  type RedirectContext,
  startRedirect,
  takeRedirect,
} from "./oidc/redirect-sign-in.ts";

/** Lax: the provider's redirect is a navigation from another site. */
const COOKIE_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax";
const PATH = /^\/auth\/([a-z][a-z0-9-]{0,31})\/(start|callback)$/;

export interface RedirectEndpointsOptions extends RedirectContext {
  readonly limiter: RateLimiter;
  readonly rates: Pick<DefaultRates, "ip" | "signIn" | "signInBegin" | "signInTenant">;
  readonly trustedProxies: BlockList;
  /** Told of a sign-in that came to nothing. The tenant is what a stranger wrote into an address: it is not told. */
  readonly onRefused: (refusal: { reason: string; method: string; address: string }) => void;
  /** Told of faults of ours. */
  readonly onFault: (error: unknown) => void;
}

/**
 * GET /auth/PROVIDER/start and /callback: the pages that a browser passes through when its user signs in with a
 * redirect. Errors go back to the wallet as #error=REASON where it is known to be one of the tenant's; else they are a
 * small page.
 */
export function redirectEndpoints(options: RedirectEndpointsOptions): HttpFilter {
  return (request, response) => {
    const [, providerId, step] = PATH.exec(request.url?.split("?", 1)[0] ?? "") ?? [];
    if (providerId === undefined || request.method !== "GET") return false;
    const query = URL.parse(request.url ?? "", "https://relay")?.searchParams ?? new URLSearchParams();
    const address = clientAddress({
      peer: request.socket.remoteAddress,
      forwardedFor: request.headers["x-forwarded-for"]?.toString(),
      trustedProxies: options.trustedProxies,
    });
    const visit: Visit = { options, response, providerId, query, address };
    response.setHeader("cache-control", "no-store");
    // The address holds the provider's code, or the wallet's.
    response.setHeader("referrer-policy", "no-referrer");
    const answered = step === "start" ? start(visit) : callback(visit, request);
    answered.catch((error: unknown) => {
      options.onFault(error);
      if (!response.headersSent) page(response, 500, "INTERNAL");
    });
    return true;
  };
}

interface Visit {
  readonly options: RedirectEndpointsOptions;
  readonly response: FilteredResponse;
  readonly providerId: string;
  readonly query: URLSearchParams;
  readonly address: string;
}

async function start({ options, response, providerId, query, address }: Visit): Promise<void> {
  const tenant = query.get("tenant") ?? "";
  const returnTo = query.get("return_to") ?? "";
  try {
    await withinRates(options, address, "sign-in-begin");
    if (options.directory.tenant(tenant) !== undefined) await withinTenantRate(options, tenant);
    const challenge = query.get("challenge") ?? "";
    const { location, cookie } = await startRedirect(options, { tenant, providerId, returnTo, challenge });
    const attributes = `${COOKIE_ATTRIBUTES}; Max-Age=${REDIRECT_MS / 1000}`;
    response.setHeader("set-cookie", `${REDIRECT_COOKIE}=${cookie}; ${attributes}`);
    redirect(response, location);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    refuse({ options, response, providerId, address, method: "start" }, tenant, returnTo, error);
  }
}

async function callback({ options, response, providerId, query, address }: Visit, request: FilteredRequest) {
  const told = { options, response, providerId, address, method: "callback" };
  // Whatever comes of it, this sign-in is over.
  response.setHeader("set-cookie", `${REDIRECT_COOKIE}=; ${COOKIE_ATTRIBUTES}; Max-Age=0`);
  let begun: Awaited<ReturnType<typeof takeRedirect>> | undefined;
  try {
    await withinRates(options, address, "sign-in");
    const state = query.get("state") ?? "";
    const cookie = cookieOf(request.headers.cookie, REDIRECT_COOKIE);
    begun = await takeRedirect(options, { state, providerId, cookie });
    const answer = { code: query.get("code") ?? undefined, issuer: query.get("iss") ?? undefined };
    const code = await finishRedirect(options, begun, answer);
    const back = allowedReturnTo(options, begun.tenant, begun.returnTo);
    if (back === undefined) throw new DomainError(ErrorReason.ORIGIN_NOT_ALLOWED, "the wallet is gone");
    redirect(response, withFragment(back, "code", code));
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    refuse(told, begun?.tenant ?? "", begun?.returnTo ?? "", error);
  }
}

function refuse(
  visit: Omit<Visit, "query"> & { method: string },
  tenant: string,
  returnTo: string,
  error: DomainError,
): void {
  const { options, response, address, method } = visit;
  const reason = reasonName(error.reason);
  options.onRefused({ reason, method: `auth/${method}`, address });
  if (error.reason === ErrorReason.IDENTITY_PROVIDER_UNAVAILABLE) {
    options.onProviderFailed(visit.providerId, error);
  }
  const back = allowedReturnTo(options, tenant, returnTo);
  // Sent back, a browser would come again at once.
  if (back === undefined || error.reason === ErrorReason.RATE_LIMITED) {
    if (error.retryAfterMs !== undefined)
      response.setHeader("retry-after", String(Math.ceil(error.retryAfterMs / 1000)));
    page(response, error.reason === ErrorReason.RATE_LIMITED ? 429 : 400, reason);
  } else redirect(response, withFragment(back, "error", reason));
}

async function withinRates(
  { limiter, rates }: RedirectEndpointsOptions,
  address: string,
  name: "sign-in-begin" | "sign-in",
): Promise<void> {
  const key = addressBucket(address);
  const ip = { name: "ip", key, rate: rates.ip };
  const rate = name === "sign-in" ? rates.signIn : rates.signInBegin;
  const { refusal } = await limiter.take([ip, { name, key, rate }]);
  if (refusal !== undefined) throw tooMany(refusal);
}

async function withinTenantRate({ limiter, rates }: RedirectEndpointsOptions, tenant: string): Promise<void> {
  const { refusal } = await limiter.take([{ name: "sign-in-tenant", key: tenant, rate: rates.signInTenant }]);
  if (refusal !== undefined) throw tooMany(refusal);
}

function tooMany({ name, retryAfterMs }: { name: string; retryAfterMs: number }): DomainError {
  return new DomainError(ErrorReason.RATE_LIMITED, `too many calls (${name})`, { retryAfterMs });
}

function withFragment(url: URL, name: "code" | "error", value: string): URL {
  const back = new URL(url);
  back.hash = new URLSearchParams([[name, value]]).toString();
  return back;
}

function redirect(response: FilteredResponse, location: URL): void {
  response.statusCode = 302;
  response.setHeader("location", location.href);
  response.end("");
}

/** For a browser that can be sent nowhere. */
function page(response: FilteredResponse, status: number, reason: string): void {
  response.statusCode = status;
  response.setHeader("content-type", "text/plain; charset=utf-8");
  response.setHeader("x-content-type-options", "nosniff");
  response.end(`The sign-in did not succeed (${reason}). Please go back and begin again.\n`);
}
