import { describe, expect, it } from "vitest";
import { addressBucket, clientAddress, inNetworks, parseNetworks } from "./client-address.ts";

const NONE = parseNetworks([]);
const PROXIES = parseNetworks(["10.0.0.0/8", "192.168.7.7", "2001:db8:aaaa::/48"]);

const addressOf = (peer: string | undefined, forwardedFor?: string, trustedProxies = PROXIES) =>
  clientAddress({ peer, forwardedFor, trustedProxies });

describe("the client's address", () => {
  it("is the peer's without trusted proxies, whatever the header says", () => {
    expect(addressOf("203.0.113.9", undefined, NONE)).toBe("203.0.113.9");
    expect(addressOf("203.0.113.9", "198.51.100.1", NONE)).toBe("203.0.113.9");
    expect(addressOf("10.0.0.1", "198.51.100.1, 10.0.0.2", NONE)).toBe("10.0.0.1");
  });

  it("is the peer's when the peer is no trusted proxy", () => {
    expect(addressOf("203.0.113.9", "198.51.100.1")).toBe("203.0.113.9");
    expect(addressOf("203.0.113.9", "198.51.100.1, 10.0.0.2")).toBe("203.0.113.9");
    expect(addressOf("11.0.0.1", "198.51.100.1")).toBe("11.0.0.1");
  });

  it("is what a trusted proxy saw", () => {
    expect(addressOf("10.0.0.1", "198.51.100.1")).toBe("198.51.100.1");
    expect(addressOf("192.168.7.7", "198.51.100.1")).toBe("198.51.100.1");
    expect(addressOf("192.168.7.8", "198.51.100.1")).toBe("192.168.7.8");
    expect(addressOf("10.0.0.1")).toBe("10.0.0.1");
    expect(addressOf("10.0.0.1", "")).toBe("10.0.0.1");
  });

  it("is found behind several trusted proxies of both families", () => {
    const seen = "198.51.100.1, 2001:db8:aaaa:1::5,192.168.7.7 ,\t10.9.9.9";
    expect(addressOf("10.0.0.1", seen)).toBe("198.51.100.1");
    expect(addressOf("2001:db8:aaaa::1", seen)).toBe("198.51.100.1");
    expect(addressOf("10.0.0.1", "10.0.0.3, 10.0.0.2")).toBe("10.0.0.3");
  });

  // A client at 198.51.100.1 sends what it likes; the proxy at 10.0.0.2 appends what it saw, and 10.0.0.1 that.
  it.each([
    "1.1.1.1",
    "1.1.1.1, 2.2.2.2",
    "10.0.0.9",
    "1.1.1.1, 10.0.0.9",
    "10.0.0.9, 1.1.1.1",
    "10.0.0.9, 192.168.7.7, 10.0.0.2",
    "garbage",
    ", , ,",
    "unix",
    `${"1.1.1.1, ".repeat(500)}1.1.1.1`,
  ])("is not moved by a header that starts with %s", (forged) => {
    expect(addressOf("10.0.0.1", `${forged}, 198.51.100.1, 10.0.0.2`)).toBe("198.51.100.1");
    expect(addressOf("10.0.0.1", `${forged}, 198.51.100.1`)).toBe("198.51.100.1");
  });

  it.each([
    "unknown",
    "_hidden",
    "",
    " ",
    "1.2.3",
    "1.2.3.4.5",
    "0x7f.0.0.1",
    "010.0.0.1",
    "256.1.1.1",
    "::g",
    "a:b",
  ])("is the last good one when %j stands before it", (garbage) => {
    expect(addressOf("10.0.0.1", `1.1.1.1, ${garbage}, 10.0.0.2`)).toBe("10.0.0.2");
    expect(addressOf("10.0.0.1", `1.1.1.1, ${garbage}`)).toBe("10.0.0.1");
    expect(addressOf("10.0.0.1", garbage)).toBe("10.0.0.1");
  });

  it("may stand with a port or in brackets", () => {
    expect(addressOf("10.0.0.1", "198.51.100.1:50123")).toBe("198.51.100.1");
    expect(addressOf("10.0.0.1", "[2001:db8::5]:50123")).toBe("2001:db8::5");
    expect(addressOf("10.0.0.1", "[2001:db8::5]")).toBe("2001:db8::5");
    expect(addressOf("10.0.0.1", "1.1.1.1, 198.51.100.1:x")).toBe("10.0.0.1");
  });

  it("has one spelling", () => {
    expect(addressOf("2001:DB8:0:0:0:0:0:5")).toBe("2001:db8::5");
    expect(addressOf("fe80::1%eth0")).toBe("fe80::1");
    expect(addressOf("::ffff:203.0.113.9")).toBe("203.0.113.9");
    expect(addressOf("::ffff:cb00:7109")).toBe("203.0.113.9");
    expect(addressOf("0:0:0:0:0:FFFF:203.0.113.9")).toBe("203.0.113.9");
  });

  it("is found behind a proxy whose address comes IPv4-mapped", () => {
    expect(addressOf("::ffff:10.0.0.1", "198.51.100.1, ::ffff:10.0.0.2")).toBe("198.51.100.1");
    expect(addressOf("10.0.0.1", "::ffff:198.51.100.1")).toBe("198.51.100.1");
  });

  it("is not read from half an address where a long header is cut", () => {
    // 2,048 characters from the right end within "198.51.100.111": "8.51.100.111" is not what anybody wrote.
    const tail = ", 10.0.0.2".repeat(20).padEnd(2_036, " ");
    expect(addressOf("10.0.0.1", `198.51.100.111${tail}`)).toBe("10.0.0.2");
  });

  it("is looked for in a bounded number of entries", () => {
    expect(addressOf("10.0.0.1", `198.51.100.1${", 10.0.0.2".repeat(31)}`)).toBe("198.51.100.1");
    expect(addressOf("10.0.0.1", `198.51.100.1${", 10.0.0.2".repeat(32)}`)).toBe("10.0.0.2");
  });

  it("is unix over a Unix socket", () => {
    expect(addressOf(undefined, "198.51.100.1")).toBe("unix");
    expect(addressBucket("unix")).toBe("unix");
  });
});

describe("the bucket of an address", () => {
  it("is the address for IPv4", () => {
    expect(addressBucket("203.0.113.9")).toBe("203.0.113.9");
  });

  it.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"],
    ["2001:db8:1:3::1", "2001:db8:1:3::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001::1:2:3:4", "2001:0:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::1.2.3.4", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
  ])("of %s is %s", (address, bucket) => {
    expect(addressBucket(address)).toBe(bucket);
  });
});

describe("trusted networks", () => {
  it.each([
    "",
    "/8",
    "10.0.0.0/",
    "10.0.0.0/33",
    "10.0.0/8",
    "010.0.0.0/8",
    "2001:db8::/129",
    "10.0.0.0/8/8",
    "10.0.0.0/-1",
    "10.0.0.0/0x8",
    "localhost",
    "*",
    " 10.0.0.0/8",
  ])("are refused when %j is among them", (entry) => {
    expect(() => parseNetworks(["10.0.0.0/8", entry])).toThrow(
      `"${entry}" is neither an IP address nor a CIDR block`,
    );
  });

  it.each(["0.0.0.0/0", "::/0"])("are refused when %s makes everybody one", (entry) => {
    expect(() => parseNetworks([entry])).toThrow("trusts everybody");
  });

  it("are refused in a spelling that would never match", () => {
    expect(() => parseNetworks(["::ffff:10.0.0.0/104"])).toThrow("write it as IPv4");
    expect(() => parseNetworks(["::ffff:10.0.0.1"])).toThrow("write it as IPv4");
  });
});

it("an IPv4-mapped address counts as the IPv4 address that it is", () => {
  expect(addressBucket("::ffff:192.0.2.1")).toBe("192.0.2.1");
});

it.each([
  ["10.1.2.3", true],
  ["::ffff:10.1.2.3", true],
  ["2001:db8:aaaa::1", true],
  ["11.0.0.1", false],
  ["unix", false],
  ["", false],
])("%j in the networks is %s", (address, expected) => {
  expect(inNetworks(PROXIES, address)).toBe(expected);
});
