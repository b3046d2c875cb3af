import { cors } from "@connectrpc/connect";
import type { HttpFilter } from "@countersign/service-kit";

const ALLOWED_HEADERS = [...cors.allowedHeaders, "Idempotency-Key", "X-Request-Id"].join(", ");
const EXPOSED_HEADERS = [...cors.exposedHeaders, "X-Request-Id"].join(", ");
/** How long a browser may remember a preflight, in seconds: as long as Chromium does at most. */
const MAX_AGE_S = 7200;

/**
 * Lets scripts of the listed origins call, and no others (https://fetch.spec.whatwg.org/#http-cors-protocol). An
 * origin that is not listed is never named in an answer. Credentials are not allowed: callers send none.
 */
export function corsFilter(origins: readonly string[]): HttpFilter {
  const listed = new Set(origins);
  return (request, response) => {
    if (listed.size > 0) response.setHeader("vary", "Origin");
    const { origin } = request.headers;
    if (origin === undefined) return false;
    const preflight =
      request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
    if (listed.has(origin)) {
      response.setHeader("access-control-allow-origin", origin);
      if (preflight) {
        response.setHeader("access-control-allow-methods", cors.allowedMethods.join(", "));
        response.setHeader("access-control-allow-headers", ALLOWED_HEADERS);
        response.setHeader("access-control-max-age", String(MAX_AGE_S));
      } else {
        response.setHeader("access-control-expose-headers", EXPOSED_HEADERS);
      }
    }
    if (!preflight) return false;
    response.statusCode = listed.has(origin) ? 204 : 403;
    response.end();
    return true;
  };
}
