import { isIP } from "node:net";
import { isPublicAddress } from "./public-address.ts";

/** What may be called besides 443: what anybody may listen on, and nothing of the system's own services. */
const LEAST_PORT = 1024;

export interface UrlRules {
  /** For development: http too, and addresses that are not public. */
  readonly insecure: boolean;
}

/** Why events may not be posted to a URL; undefined when they may. Where a name leads to is not looked at here. */
export function webhookUrlProblem(text: string, { insecure }: UrlRules): string | undefined {
  const url = URL.parse(text);
  if (url === null) return "is no URL";
  if (url.protocol !== "https:" && !(insecure && url.protocol === "http:")) return "must be https://";
  if (url.username !== "" || url.password !== "") return "must not carry a user or a password";
  if (url.hash !== "") return "must not carry a fragment";
  const isDefaultPort = url.port === "";
  if (!isDefaultPort && Number(url.port) < LEAST_PORT) return "must be on port 443, or on one from 1024";
  const host = hostOf(url);
  if (!insecure && isIP(host) !== 0 && !isPublicAddress(host)) return "must be at a public address";
  return undefined;
}

/** A URL's host without the brackets of an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, "$1");
}
