import { BlockList, isIPv4, isIPv6, SocketAddress } from "node:net";

/** Of X-Forwarded-For only the last characters and entries are read: who sends more has written them itself. */
const MAX_HEADER_CHARS = 2_048;
const MAX_HOPS = 32;

/** What stands for the address of a caller over a Unix socket. */
const UNIX = "unix";

export interface Forwarding {
  /** The address at the other end of the socket; undefined on a Unix socket. */
  readonly peer: string | undefined;
  /** X-Forwarded-For, several of them joined by commas. */
  readonly forwardedFor: string | undefined;
  /** As from `parseNetworks`. */
  readonly trustedProxies: BlockList;
}

/**
 * The address that a call comes from. Each proxy appends the address of its own peer to X-Forwarded-For, so an
 * entry is believed when who wrote it is trusted, from the socket's peer on leftwards; the first address that is
 * not a trusted proxy's is the client. Nothing to the left of it, or of an entry that is no address, counts.
 * IPv6 in its canonical form, IPv4-mapped addresses as IPv4; "unix" on a Unix socket.
 */
export function clientAddress({ peer, forwardedFor, trustedProxies }: Forwarding): string {
  let address = parseAddress(peer ?? "");
  if (address === undefined) return UNIX;
  for (const entry of entriesFromRight(forwardedFor ?? "")) {
    if (!inNetworks(trustedProxies, address)) break;
    const before = parseAddress(withoutPort(entry));
    if (before === undefined) break;
    address = before;
  }
  return address;
}

/** What to count an address under: IPv6 by its /64, which is what one customer has at least; IPv4-mapped as IPv4. */
export function addressBucket(given: string): string {
  const address = parseAddress(given) ?? given;
  if (!isIPv6(address)) return address;
  const [left = [], right = []] = address.split("::").map((half) => half.split(":").filter((g) => g !== ""));
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0");
  return `${[...left, ...zeros, ...right].slice(0, 4).join(":")}::/64`;
}

/**
 * Networks that are trusted, from addresses and CIDR blocks of both families. Throws an Error that names the entry
 * when it is neither, or when it is the whole Internet.
 */
export function parseNetworks(cidrs: readonly string[]): BlockList {
  const networks = new BlockList();
  for (const cidr of cidrs) {
    const [, written = "", bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(cidr) ?? [];
    const family = isIPv4(written) ? "ipv4" : "ipv6";
    const width = family === "ipv4" ? 32 : 128;
    const prefix = Number(bits ?? width);
    if (parseAddress(written) === undefined || prefix > width) {
      throw new Error(`"${cidr}" is neither an IP address nor a CIDR block`);
    }
    if (prefix === 0) throw new Error(`"${cidr}" trusts everybody`);
    // Addresses are compared as IPv4 when they are IPv4-mapped: such a block would never match.
    if (family === "ipv6" && parseAddress(written) !== canonical(written, family)) {
      throw new Error(`"${cidr}" is IPv4-mapped: write it as IPv4`);
    }
    networks.addSubnet(written, prefix, family);
  }
  return networks;
}

/** Whether an address is in these networks; IPv4-mapped addresses count as IPv4, and what is no address is not. */
export function inNetworks(networks: BlockList, given: string): boolean {
  const address = parseAddress(given);
  return address !== undefined && networks.check(address, isIPv4(address) ? "ipv4" : "ipv6");
}

/** The last entries of the header, last one first. The first of what was cut off may be half an address. */
function entriesFromRight(header: string): string[] {
  const entries = header === "" ? [] : header.slice(-MAX_HEADER_CHARS).split(",");
  if (header.length > MAX_HEADER_CHARS) entries.shift();
  return entries.slice(-MAX_HOPS).reverse();
}

/** Some proxies write a port behind the address, and brackets around IPv6. */
function withoutPort(entry: string): string {
  const [, v6, v4] = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(entry.trim()) ?? [];
  return v6 ?? v4 ?? entry.trim();
}

/** Undefined for what is no address. A zone ("%eth0") says nothing to others and is left out. */
function parseAddress(text: string): string | undefined {
  if (isIPv4(text)) return text;
  if (!isIPv6(text)) return undefined;
  const address = canonical(text.replace(/%.*$/, ""), "ipv6");
  const mapped = address.replace(/^::ffff:/, "");
  return isIPv4(mapped) ? mapped : address;
}

function canonical(address: string, family: "ipv4" | "ipv6"): string {
  return new SocketAddress({ address, family }).address;
}
