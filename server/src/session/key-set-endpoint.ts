import type { HttpFilter } from "@countersign/service-kit";
import type { SigningKeys } from "./signing-keys.ts";

const PATH = "/.well-known/jwks.json";
/** How long the keys may be kept, in seconds: shorter than peers keep them. */
const MAX_AGE_S = 300;

/** The public keys of app tokens (RFC 7517), for whoever verifies them. */
export function keySetEndpoint(keys: Pick<SigningKeys, "keySet">): HttpFilter {
  return (request, response) => {
    const { method, url = "" } = request;
    if (url.split("?", 1)[0] !== PATH || (method !== "GET" && method !== "HEAD")) return false;
    response.setHeader("content-type", "application/jwk-set+json");
    response.setHeader("cache-control", `public, max-age=${MAX_AGE_S}`);
    response.end(method === "HEAD" ? "" : JSON.stringify(keys.keySet()));
    return true;
  };
}
