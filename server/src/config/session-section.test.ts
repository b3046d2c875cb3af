import { ConfigError, type Environment } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { loadRelayConfig } from "./config.ts";

const ENV = { SEED: `${"34".repeat(31)}35`, OLD_SEED: `${"36".repeat(31)}37`, SECRET: "hunter2" };
const KEY = { id: "app-1", seed: "env:SEED" };
const SESSION = { issuer: "https://relay.example", signing_keys: [KEY] };
const PEER = {
  ...{ issuer: "https://peer.example", audience: "us", tenants: ["acme"] },
  jwks_uri: "https://peer.example/.well-known/jwks.json",
};

function load(session: object | undefined, credentials = "false", env: Environment = ENV) {
  const flags = {
    network: "testnet",
    "signer.url": "unix:/run/signer.sock",
    "near.endpoints": JSON.stringify([{ url: "https://rpc.testnet.near.org" }]),
    relayers: JSON.stringify([{ account_id: "app.near", key_ids: ["relayer-1"] }]),
    "cors.credentials": credentials,
    session: session && JSON.stringify(session),
  };
  return loadRelayConfig({ env, flags });
}

function problemsOf(session: object, credentials?: string, env?: Environment): Record<string, string> {
  try {
    load(session, credentials, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    expect(JSON.stringify(error.problems)).not.toContain("hunter2");
    return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]));
  }
  return {};
}

test("without a section nobody signs in", () => {
  expect(load(undefined).config.session).toBeUndefined();
});

test("the least that sessions need is completed with defaults", () => {
  expect(load(SESSION).config.session).toMatchObject({
    ...{ audience: "countersign", accessTokenS: 300, idleS: 604_800, lifetimeS: 2_592_000 },
    ...{ peers: [], clientSecrets: {}, freshS: 600 },
  });
});

test("secrets are references, which the dump shows", () => {
  const { config, dump } = load({ ...SESSION, client_secrets: { google: "env:SECRET" } });
  expect(config.session?.clientSecrets.google?.reveal()).toBe("hunter2");
  expect(dump()).toContain("google: env:SECRET");
  expect(dump()).not.toContain("hunter2");
  expect(dump()).not.toContain(ENV.SEED);
});

const PUBLIC_SET = JSON.stringify({ keys: [{ kty: "OKP", crv: "Ed25519", x: `${"A".repeat(42)}E` }] });
const PRIVATE_SET = JSON.stringify({
  keys: [{ kty: "OKP", crv: "Ed25519", x: "A".repeat(43), d: "hunter2" }],
});
test.each<[string, object, string]>([
  ["an issuer that is no origin", { issuer: "https://relay.example/" }, "session.issuer"],
  ["an issuer without TLS off loopback", { issuer: "http://relay.example" }, "session.issuer"],
  ["no keys", { signing_keys: [] }, "session.signing_keys"],
  [
    "a key that is no reference",
    { signing_keys: [{ ...KEY, seed: "hunter2" }] },
    "session.signing_keys.0.seed",
  ],
  ["a seed that is none", { signing_keys: [{ ...KEY, seed: "env:SECRET" }] }, "session.signing_keys.0.seed"],
  ["keys of one id", { signing_keys: [KEY, { ...KEY, seed: "env:OLD_SEED" }] }, "session.signing_keys"],
  ["one key twice", { signing_keys: [KEY, { ...KEY, id: "app-2" }] }, "session.signing_keys"],
  [
    "keys whose time is over",
    { signing_keys: [{ ...KEY, not_after: "2020-01-01T00:00:00Z" }] },
    "session.signing_keys",
  ],
  [
    "a time without a zone",
    { signing_keys: [{ ...KEY, not_after: "2099-01-01T00:00:00" }] },
    "session.signing_keys.0.not_after",
  ],
  ["access tokens that live for an hour", { access_token_s: 3600 }, "session.access_token_s"],
  ["sessions that are idle longer than they live", { lifetime_s: 300, idle_s: 400 }, "session.idle_s"],
  ["a peer of the relay's own name", { peers: [{ ...PEER, issuer: SESSION.issuer }] }, "session.peers"],
  [
    "a peer with two sources of keys",
    { peers: [{ ...PEER, jwks_json: PUBLIC_SET }] },
    "session.peers.0.jwks_uri",
  ],
  ["a peer without keys", { peers: [{ ...PEER, jwks_uri: undefined }] }, "session.peers.0.jwks_uri"],
  [
    "a peer's private keys",
    { peers: [{ ...PEER, jwks_uri: undefined, jwks_json: PRIVATE_SET }] },
    "session.peers.0.jwks_json",
  ],
  ["a peer for nobody", { peers: [{ ...PEER, tenants: [] }] }, "session.peers.0.tenants"],
  ["a client secret that is no reference", { client_secrets: { a: "hunter2" } }, "session.client_secrets.a"],
])("%s is refused", (_, change, path) => {
  expect(Object.keys(problemsOf({ ...SESSION, ...change }))).toEqual([path]);
});

test.each<[string, object, string, string]>([
  ["cookies in plain text", { secure: false }, "secure", "plain text"],
  ["cookies that scripts read", { http_only: false }, "http_only", "no script"],
  ["cookies without protection from other sites", { csrf_header: false }, "csrf_header", "other sites"],
  ["cookies of the whole domain", { name_prefix: "" }, "name_prefix", "other hosts"],
  ["cookies of a weaker prefix", { name_prefix: "__Secure-" }, "name_prefix", "other hosts"],
  ["cookies for every site", { same_site: "none" }, "partitioned", "share the session"],
  ["a jar for each site where none needs it", { partitioned: true }, "partitioned", "only for"],
  ["cookies without SameSite", { same_site: "" }, "same_site", "strict"],
])("%s are refused at start, and told why", (_, cookies, field, why) => {
  const problems = problemsOf({ ...SESSION, cookies }, "true");
  expect(Object.keys(problems)).toEqual([`session.cookies.${field}`]);
  expect(problems[`session.cookies.${field}`]).toContain(why);
});

test("cookies need answers that browsers give to the page", () => {
  expect(problemsOf({ ...SESSION, cookies: {} })).toEqual({
    "session.cookies": expect.stringContaining("cors.credentials"),
  });
  expect(load({ ...SESSION, cookies: {} }, "true").config.session?.cookies).toMatchObject({
    ...{ sameSite: "strict", partitioned: false },
  });
});

test("production takes neither a relay without TLS nor a seed that nobody drew", () => {
  const env = { ...ENV, NODE_ENV: "production", ONES: "11".repeat(32) };
  const session = { issuer: "http://localhost:8080", signing_keys: [{ ...KEY, seed: "env:ONES" }] };
  expect(problemsOf(session, "false", env)).toMatchObject({
    "session.issuer": expect.stringContaining("https"),
    "session.signing_keys.0.seed": expect.stringContaining("one byte"),
  });
});
