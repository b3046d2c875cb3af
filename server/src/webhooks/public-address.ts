import { BlockList, isIP } from "node:net";

/** What IANA's registry of special-purpose IPv4 addresses lists, and multicast and what is above it. */
const SPECIAL_IPV4 = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.31.196.0", 24],
  ["192.52.193.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["192.175.48.0", 24],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  SPECIAL_IPV4.addSubnet(network, prefix, "ipv4");
}

/** Of IPv6 only 2000::/3 is routed; all that maps, embeds or translates IPv4 lies outside of it, or in SPECIAL_IPV6. */
const ROUTED_IPV6 = new BlockList();
ROUTED_IPV6.addSubnet("2000::", 3, "ipv6");

/** Protocol assignments (Teredo among them), 6to4, documentation and AS112. */
const SPECIAL_IPV6 = new BlockList();
for (const [network, prefix] of [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["2620:4f:8000::", 48],
  ["3fff::", 20],
] as const) {
  SPECIAL_IPV6.addSubnet(network, prefix, "ipv6");
}

/** Whether an IP address belongs to somebody on the internet: to no private network, no link, no group, not to this machine. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !SPECIAL_IPV4.check(address, "ipv4");
    case 6:
      // One with a zone is of a link.
      return (
        !address.includes("%") && ROUTED_IPV6.check(address, "ipv6") && !SPECIAL_IPV6.check(address, "ipv6")
      );
    default:
      return false;
  }
}
