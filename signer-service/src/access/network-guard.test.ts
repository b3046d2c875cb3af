import { expect, test } from "vitest";
import { createNetworkGuard } from "./network-guard.ts";

const guard = createNetworkGuard({ trusted_proxies: [] });

test.each([
  "127.0.0.1",
  "10.255.0.1",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.1.1",
  "169.254.1.1",
  "100.64.0.1",
  "100.127.255.255",
  "::1",
  "fe80::1%eth0",
  "fd12:3456::1",
  "fc00::1",
  "::ffff:10.0.0.1",
])("%s is in a private network", (address) => {
  expect(guard.admits(address)).toBe(true);
  expect(() => guard.assertAllowed(address, new Headers())).not.toThrow();
});

test.each([
  "8.8.8.8",
  "11.0.0.1",
  "172.15.255.255",
  "172.32.0.1",
  "192.169.0.1",
  "100.63.255.255",
  "100.128.0.1",
  "2001:db8::1",
  "fe00::1",
  "::ffff:8.8.8.8",
  "::2",
  "nonsense",
])("%s is not", (address) => {
  expect(guard.admits(address)).toBe(false);
  expect(() => guard.assertAllowed(address, new Headers({ "x-forwarded-for": "10.0.0.1" }))).toThrow(
    "calls do not come in from this address",
  );
});

test("what is allowed explicitly is all that is allowed", () => {
  const narrow = createNetworkGuard({ allow: ["203.0.113.0/24"], trusted_proxies: [] });
  expect(narrow.admits("203.0.113.9")).toBe(true);
  expect(narrow.admits("127.0.0.1")).toBe(false);
});

test("a proxy's connection stands, and its calls are judged by whom they come from", () => {
  const proxied = createNetworkGuard({ trusted_proxies: ["203.0.113.1"] });
  expect(proxied.admits("203.0.113.1")).toBe(true);
  const from = (forwardedFor: string) => () =>
    proxied.assertAllowed("203.0.113.1", new Headers({ "x-forwarded-for": forwardedFor }));
  expect(from("10.0.0.1")).not.toThrow();
  expect(from("203.0.113.1")).toThrow();
  expect(from("10.0.0.1, 198.51.100.1")).toThrow();
});

test("a Unix socket is beyond networks", () => {
  expect(guard.admits(undefined)).toBe(true);
  expect(() => guard.assertAllowed(undefined, new Headers())).not.toThrow();
});
