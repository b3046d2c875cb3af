import { expect, test } from "vitest";
import { z } from "zod";
import { authProblems, authSchema, networkSchema } from "./access-schema.ts";

const ENV = { LONG: "x".repeat(32), OTHER: "y".repeat(32), SHORT: "hunter2".padEnd(31, "x") };
const schema = z.strictObject({ auth: authSchema(ENV), network: networkSchema });
const KEY = { id: "k1", service: "relay", secret: "env:LONG" };

/** The paths of all problems. */
const problemsOf = (auth: unknown, network: unknown = {}) =>
  (schema.safeParse({ auth, network }).error?.issues ?? []).map((issue) => issue.path.join("."));

test("identities, keys and networks load, with their defaults", () => {
  const { auth, network } = schema.parse({
    auth: {
      mtls: { identities: ["CN=relay-1", "spiffe://example/ns/relay"] },
      signed_requests: { keys: [KEY, { ...KEY, id: "k2", secret: "env:OTHER" }] },
    },
    network: {},
  });
  expect(auth.mtls?.identities).toHaveLength(2);
  expect(auth.signed_requests?.max_skew_ms).toBe(30_000);
  expect(auth.signed_requests?.keys.map((k) => k.secret.reveal())).toEqual([ENV.LONG, ENV.OTHER]);
  expect(network).toEqual({ trusted_proxies: [] });
});

test.each<[string, unknown, unknown, string]>([
  ["no identities", { mtls: { identities: [] } }, {}, "auth.mtls.identities"],
  ["a bare name", { mtls: { identities: ["relay-1"] } }, {}, "auth.mtls.identities.0"],
  ["an empty name", { mtls: { identities: ["CN="] } }, {}, "auth.mtls.identities.0"],
  ["a trust domain alone", { mtls: { identities: ["spiffe://example"] } }, {}, "auth.mtls.identities.0"],
  [
    "a SPIFFE id that ends in a slash",
    { mtls: { identities: ["spiffe://e/a/"] } },
    {},
    "auth.mtls.identities.0",
  ],
  ["another URI", { mtls: { identities: ["https://example/relay"] } }, {}, "auth.mtls.identities.0"],
  ["no keys", { signed_requests: { keys: [] } }, {}, "auth.signed_requests.keys"],
  ["one id twice", { signed_requests: { keys: [KEY, KEY] } }, {}, "auth.signed_requests.keys"],
  [
    "a short secret",
    { signed_requests: { keys: [{ ...KEY, secret: "env:SHORT" }] } },
    {},
    "auth.signed_requests.keys.0.secret",
  ],
  [
    "a secret that is no reference",
    { signed_requests: { keys: [{ ...KEY, secret: "hunter2" }] } },
    {},
    "auth.signed_requests.keys.0.secret",
  ],
  [
    "an hour's skew",
    { signed_requests: { keys: [KEY], max_skew_ms: 3_600_000 } },
    {},
    "auth.signed_requests.max_skew_ms",
  ],
  ["no network", {}, { allow: [] }, "network.allow"],
  ["a network that is none", {}, { allow: ["10.0.0.0/8", "relay"] }, "network.allow.1"],
  ["proxies that are everybody", {}, { trusted_proxies: ["0.0.0.0/0"] }, "network.trusted_proxies.0"],
])("%s is refused", (_, auth, network, path) => {
  expect(problemsOf(auth, network)).toEqual([path]);
  expect(JSON.stringify(schema.safeParse({ auth, network }).error)).not.toContain("hunter");
});

test("on TCP identities are needed, on a Unix socket they mean nothing", () => {
  const mtls = { identities: ["CN=relay"] };
  expect([...authProblems("tls", {})].map((p) => p.path)).toEqual([["auth", "mtls"]]);
  expect([...authProblems("tls", { mtls })]).toEqual([]);
  expect([...authProblems("unix", {})]).toEqual([]);
  expect([...authProblems("unix", { mtls })].map((p) => p.path)).toEqual([["auth", "mtls"]]);
});
