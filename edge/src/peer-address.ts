import { isIPv6 } from "node:net";

/**
 * The caller's address as the platform tells it, which nobody else can: no other header counts. IPv6 in its canonical
 * form; undefined for what is no address, which all count as one.
 */
export function peerAddress(headers: Headers): string | undefined {
  const given = headers.get("cf-connecting-ip") ?? undefined;
  if (given === undefined || !isIPv6(given)) return given;
  return URL.parse(`http://[${given}]`)?.hostname.slice(1, -1);
}
