import { REDIRECT_COOKIE, REFRESH_COOKIE } from "@countersign/server/access/app-cookies.ts";

/** The services of a relay with funds, which run on Node (docs/decisions/0031). */
const SERVICES = /^\/countersign\.(relay|threshold)\.v1\./;

/** What proxies say to each other, and of callers. */
const PROXIES = /^(cf-|x-forwarded-|(forwarded|x-real-ip|true-client-ip|proxy-authorization)$)/;
/** What renews a session or ends a sign-in: the relay that has set them needs them, and no other. */
const OWN_COOKIES: readonly string[] = [REFRESH_COOKIE, REDIRECT_COOKIE];

/** Whether a call is for the relay with funds. */
export function isForUpstream(path: string): boolean {
  return SERVICES.test(path);
}

/**
 * Hands a call on to a relay with funds, and its answer back, both as they come. That relay is told the caller's address in
 * X-Forwarded-For, and nothing else of what proxies say. Of this relay's cookies it gets the one with the access token.
 */
export async function forward(
  request: Request,
  upstream: string,
  address: string | undefined,
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const headers = new Headers(request.headers);
  for (const name of [...headers.keys()]) if (PROXIES.test(name)) headers.delete(name);
  const cookies = othersCookies(headers.get("cookie") ?? "");
  if (cookies === "") headers.delete("cookie");
  else headers.set("cookie", cookies);
  if (address !== undefined) headers.set("x-forwarded-for", address);
  const { method, body, signal } = request;
  return fetch(`${upstream}${pathname}${search}`, { method, headers, body, signal, redirect: "manual" });
}

/** A header "Cookie" without those that stay here. */
function othersCookies(header: string): string {
  const pairs = header.split(";").map((pair) => pair.trim());
  return pairs.filter((pair) => !OWN_COOKIES.includes(pair.split("=", 1)[0]?.trim() ?? "")).join("; ");
}
