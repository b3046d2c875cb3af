import type { HttpFilter } from "@countersign/service-kit";
import type { RelyingPartySettings } from "../session/ports.ts";

const PATH = "/.well-known/webauthn";
/** How long a browser may go without asking again, in seconds: an origin that was taken out is gone soon. */
const MAX_AGE_S = 300;

/**
 * Says which origins of other domains may use a relying party's passkeys
 * (https://www.w3.org/TR/webauthn-3/#sctn-related-origins), where the relay has the relying party's own domain. The
 * list holds wallets alone, and never an application: each origin in it can ask a passkey for its secrets. Takes nothing
 * but memory: who asks names a host, and gets that one's list of at most 16.
 */
export function walletOriginsFilter(
  relyingParty: (id: string) => RelyingPartySettings | undefined,
): HttpFilter {
  return (request, response) => {
    const { method, url = "", headers } = request;
    if (url.split("?", 1)[0] !== PATH || (method !== "GET" && method !== "HEAD")) return false;
    const authority = headers[":authority"] ?? headers.host;
    const host = URL.parse(`https://${typeof authority === "string" ? authority : ""}`)?.hostname;
    const party = host === undefined ? undefined : relyingParty(host);
    if (party === undefined) {
      response.statusCode = 404;
      response.end("");
      return true;
    }
    response.setHeader("content-type", "application/json");
    response.setHeader("cache-control", `public, max-age=${MAX_AGE_S}`);
    response.end(method === "HEAD" ? "" : JSON.stringify({ origins: relatedOrigins(party) }));
    return true;
  };
}

/** Browsers ask for these alone: pages of the relying party's domain and of those below it need no permission. */
function relatedOrigins({ id, origins }: RelyingPartySettings): string[] {
  return origins.filter((origin) => {
    const host = new URL(origin).hostname;
    return host !== id && !host.endsWith(`.${id}`);
  });
}
