import { cors } from "@connectrpc/connect";
import type { HttpFilter } from "@countersign/service-kit";

const ALLOWED_HEADERS = [
  ...cors.allowedHeaders,
  "Authorization",
  "X-API-Key",
  "X-End-User",
  "X-Tenant",
  "Idempotency-Key",
  "X-Request-Id",
  "X-Countersign-CSRF",
].join(", ");
const EXPOSED_HEADERS = [
  ...cors.exposedHeaders,
  "X-Request-Id",
  "RateLimit",
  "RateLimit-Policy",
  "Retry-After",
].join(", ");
/** How long a browser may remember a preflight, in seconds: as long as Chromium does at most. */
const MAX_AGE_S = 7200;

export interface CorsOptions {
  /** Whether scripts of an origin may call. A preflight names no caller, so it is asked for all tenants together. */
  readonly isListed: (origin: string) => boolean;
  /** Whether browsers may send cookies along. */
  readonly credentials: boolean;
}

/**
 * Lets scripts of the listed origins call, and no others (https://fetch.spec.whatwg.org/#http-cors-protocol). An
 * origin that is not listed is never named in an answer. Whether a tenant allows the origin is decided when the
 * call's credentials are known.
 */
export function corsFilter({ isListed, credentials }: CorsOptions): HttpFilter {
  return (request, response) => {
    response.setHeader("vary", "Origin");
    const { origin } = request.headers;
    if (origin === undefined) return false;
    const preflight =
      request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    const listed = isListed(origin);
    if (listed) {
      response.setHeader("access-control-allow-origin", origin);
      if (credentials) response.setHeader("access-control-allow-credentials", "true");
      if (preflight) {
        response.setHeader("access-control-allow-methods", cors.allowedMethods.join(", "));
        response.setHeader("access-control-allow-headers", ALLOWED_HEADERS);
        response.setHeader("access-control-max-age", String(MAX_AGE_S));
      } else {
        response.setHeader("access-control-expose-headers", EXPOSED_HEADERS);
      }
    }
    if (!preflight) return false;
    response.statusCode = listed ? 204 : 403;
    response.end("");
    return true;
  };
}
