import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";

/** "__Host-": set by this host alone, over https, for all of its paths (RFC 6265bis, section 4.1.3.2). */
export const SESSION_COOKIE = "__Host-cs_session";
export const REFRESH_COOKIE = "__Host-cs_refresh";
/** Binds a sign-in by redirect to the browser that began it. */
export const REDIRECT_COOKIE = "__Host-cs_oidc";
/** Any value. Pages of other sites cannot set it without a preflight, which only listed origins pass. */
export const CSRF_HEADER = "x-countersign-csrf";

/** Longest header "Cookie" that is looked at, in characters. */
const MAX_COOKIES = 16_384;

/** A cookie's value; undefined when the call has none of this name. */
export function cookieOf(header: string | null | undefined, name: string): string | undefined {
  if (header === null || header === undefined || header.length > MAX_COOKIES) return undefined;
  const start = `${name}=`;
  const pair = header.split(/; */).find((part) => part.startsWith(start));
  return pair === undefined || pair === start ? undefined : pair.slice(start.length);
}

/**
 * Browsers send cookies along whoever makes them call. So a call with cookies also carries a header that only scripts
 * can set, and names its page's origin, which browsers do and pages cannot change. Returns that origin.
 *
 * @throws CREDENTIALS_MISSING: without both, the cookies are no credentials
 */
export function pageOf(headers: Headers): string {
  const origin = headers.get("origin");
  if (origin === null || (headers.get(CSRF_HEADER) ?? "") === "") {
    throw new DomainError(
      ErrorReason.CREDENTIALS_MISSING,
      "a session's cookies count only with the headers Origin and X-Countersign-CSRF",
    );
  }
  return origin;
}
