import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { clientAddress, DomainError, inNetworks, parseNetworks } from "@countersign/service-kit";
import type { NetworkConfig } from "./access-schema.ts";

/** Loopback, RFC 1918, link-local, shared address space (RFC 6598) and unique local IPv6 (RFC 4193). */
const PRIVATE_NETWORKS: readonly string[] = [
  "127.0.0.0/8",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
  "::1/128",
  "fe80::/10",
  "fc00::/7",
];

/** Says from where calls may come. Whoever can open the Unix socket is let through. */
export interface NetworkGuard {
  /** Whether a connection may stand: it comes from an allowed network, or from a proxy that says who calls. */
  admits(address: string | undefined): boolean;
  /**
   * Sees to it that a call comes from an allowed network, through trusted proxies or not.
   *
   * @throws PEER_NOT_ALLOWED
   */
  assertAllowed(peer: string | undefined, headers: Headers): void;
}

/** Makes a guard. Throws an Error for what is no network. */
export function createNetworkGuard(config: NetworkConfig): NetworkGuard {
  const allowed = parseNetworks(config.allow ?? PRIVATE_NETWORKS);
  const trustedProxies = parseNetworks(config.trusted_proxies);
  return {
    admits: (address) =>
      address === undefined || inNetworks(allowed, address) || inNetworks(trustedProxies, address),
    assertAllowed(peer, headers) {
      if (peer === undefined) return;
      const forwardedFor = headers.get("x-forwarded-for") ?? undefined;
      if (inNetworks(allowed, clientAddress({ peer, forwardedFor, trustedProxies }))) return;
      throw new DomainError(ErrorReason.PEER_NOT_ALLOWED, "calls do not come in from this address");
    },
  };
}
