import { expect, test } from "vitest";
import { allowedIdentity } from "./peer-identity.ts";

const NOW = new Date("2026-11-21T10:00:00Z");
const PEER = {
  address: "10.0.0.1",
  certificateName: "relay",
  certificateUris: [],
  certificateExpiresAt: new Date("2026-12-21T10:00:00Z"),
};
const ALLOWED = new Set(["CN=relay"]);

test("a listed name is the identity", () => {
  expect(allowedIdentity(PEER, ALLOWED, NOW)).toBe("CN=relay");
});

test.each([
  [
    "without a certificate",
    { certificateName: undefined, certificateExpiresAt: undefined },
    "no certificate",
  ],
  ["whose certificate's date cannot be read", { certificateExpiresAt: new Date(Number.NaN) }, "has expired"],
  ["that has left", { address: undefined }, "has left"],
  ["of another name", { certificateName: "web" }, "not one of those"],
  ["without a name", { certificateName: undefined }, "not one of those"],
])("a peer %s is refused", (_, change, why) => {
  expect(() => allowedIdentity({ ...PEER, ...change }, ALLOWED, NOW)).toThrow(why);
});
