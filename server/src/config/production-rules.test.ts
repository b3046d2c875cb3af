import { ConfigError } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { DEVELOPMENT_PEPPER } from "../access/api-key.ts";
import { DEVELOPMENT_AUDIT_SEED } from "../audit/audit-key.ts";
import { loadRelayConfig } from "./config.ts";

const SECRETS = {
  PEPPER: "p".repeat(32),
  SEED: `${"5a".repeat(31)}5b`,
  GRANT_SEED: `${"6a".repeat(31)}6b`,
  EQUAL_SEED: "5".repeat(64),
  LONGER_DEVELOPMENT_PEPPER: `my-${DEVELOPMENT_PEPPER}-1`,
  ADMIN_KEY: "a".repeat(32),
  SHORT: "s".repeat(31),
  DEVELOPMENT_PEPPER,
  DEVELOPMENT_SEED: Buffer.from(DEVELOPMENT_AUDIT_SEED, "hex").toString("base64"),
};

/** Safe for production, with several replicas. */
const GOOD: Readonly<Record<string, string>> = {
  network: "testnet",
  replicas: "2",
  "ledger.url": "postgres://db/relay",
  "redis.url": "redis://redis:6379",
  "signer.url": "unix:/run/signer.sock",
  "signer.audience": "signer",
  "signer.grants": '{"key_id": "relay", "seed": "env:GRANT_SEED"}',
  "near.endpoints": '[{"url": "https://rpc.example"}, {"url": "http://127.0.0.1:3030"}]',
  relayers: '[{"account_id": "app.near", "key_ids": ["relayer-1"]}]',
  "cors.origins": '["https://wallet.example"]',
  "auth.api_key_peppers": '["env:PEPPER"]',
  "audit.signing_seed": "env:SEED",
  "admin.listen": '{"host": "127.0.0.1", "port": 0}',
  "admin.tls": '{"cert_file": "cert.pem", "key_file": "key.pem"}',
  "admin.keys": '[{"name": "ops", "role": "admin", "secret": "env:ADMIN_KEY"}]',
};

interface Violation {
  readonly name: string;
  /** What differs from GOOD; undefined leaves a setting out. */
  readonly change: Readonly<Record<string, string | undefined>>;
  readonly path: string;
  /** Refused wherever the relay runs. */
  readonly always?: true;
}

const VIOLATIONS: readonly Violation[] = [
  {
    name: "webhooks to addresses that are not public",
    change: { "webhooks.insecure_targets": "true" },
    path: "webhooks.insecure_targets",
  },
  {
    name: "a sealing key that nobody drew at random",
    change: { "webhooks.sealing_keys": '["env:SEED", "env:EQUAL_SEED"]' },
    path: "webhooks.sealing_keys.1",
  },
  {
    name: "a sealing key of another size",
    change: { "webhooks.sealing_keys": '["env:PEPPER"]' },
    path: "webhooks.sealing_keys.0",
    always: true,
  },
  { name: "a wildcard origin", change: { "cors.origins": '["*"]' }, path: "cors.origins.0", always: true },
  {
    name: "the default pepper",
    change: { "auth.api_key_peppers": undefined },
    path: "auth.api_key_peppers",
  },
  {
    name: "a short pepper",
    change: { "auth.api_key_peppers": '["env:PEPPER", "env:SHORT"]' },
    path: "auth.api_key_peppers.1",
  },
  {
    name: "development's pepper, given as one's own",
    change: { "auth.api_key_peppers": '["env:DEVELOPMENT_PEPPER"]' },
    path: "auth.api_key_peppers.0",
  },
  {
    name: "a pepper made of development's",
    change: { "auth.api_key_peppers": '["env:LONGER_DEVELOPMENT_PEPPER"]' },
    path: "auth.api_key_peppers.0",
  },
  {
    name: "an audit seed of equal bytes",
    change: { "audit.signing_seed": "env:EQUAL_SEED" },
    path: "audit.signing_seed",
  },
  { name: "the default audit seed", change: { "audit.signing_seed": undefined }, path: "audit.signing_seed" },
  {
    name: "development's audit seed, given as one's own",
    change: { "audit.signing_seed": "env:DEVELOPMENT_SEED" },
    path: "audit.signing_seed",
  },
  {
    name: "calls to the signer without grants",
    change: { "signer.grants": undefined },
    path: "signer.grants",
  },
  {
    name: "a grant seed of equal bytes",
    change: { "signer.grants": '{"key_id": "relay", "seed": "env:EQUAL_SEED"}' },
    path: "signer.grants.seed",
  },
  {
    name: "a short audit seed",
    change: { "audit.signing_seed": "env:SHORT" },
    path: "audit.signing_seed",
    always: true,
  },
  {
    name: "a short admin key",
    change: { "admin.keys": '[{"name": "ops", "role": "admin", "secret": "env:SHORT"}]' },
    path: "admin.keys.0.secret",
  },
  {
    name: "an embedded ledger with several replicas",
    change: { "ledger.url": "sqlite:relay.db" },
    path: "ledger.url",
  },
  { name: "no Redis with several replicas", change: { "redis.url": undefined }, path: "redis" },
  { name: "an admin port in plain text", change: { "admin.tls": undefined }, path: "admin.tls" },
  {
    name: "a signer that is no process of its own",
    change: { "signer.url": "in-process" },
    path: "signer.url",
    always: true,
  },
  {
    name: "an http endpoint off loopback",
    change: { "near.endpoints": '[{"url": "https://rpc.example"}, {"url": "http://rpc.example"}]' },
    path: "near.endpoints.1.url",
  },
  {
    name: "a trusted network that is half of the Internet",
    change: { "listen.trusted_proxies": '["10.0.0.0/8", "128.0.0.0/1"]' },
    path: "listen.trusted_proxies.1",
  },
  {
    name: "a share of the rates that replicas together exceed without Redis",
    change: { "rates.redis_down_fraction": "0.51" },
    path: "rates.redis_down_fraction",
  },
];

function pathsOfProblems(change: Violation["change"], mode: string): string[] {
  try {
    loadRelayConfig({ env: { ...SECRETS, NODE_ENV: mode }, flags: { ...GOOD, ...change } });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const secret of Object.values(SECRETS)) expect(error.message).not.toContain(secret);
    return error.problems.map(({ path }) => path);
  }
}

test("production starts with what is safe", () => {
  expect(pathsOfProblems({}, "production")).toEqual([]);
});

test.each(VIOLATIONS)("production refuses $name", ({ change, path }) => {
  expect(pathsOfProblems(change, "production")).toEqual([path]);
});

test.each([" production", "PRODUCTION", "Production\n"])("%j is production too", (mode) => {
  expect(pathsOfProblems({ "admin.tls": undefined }, mode)).toEqual(["admin.tls"]);
});

test.each(VIOLATIONS)("development has its own view of $name", ({ change, path, always }) => {
  expect(pathsOfProblems(change, "development")).toEqual(always === true ? [path] : []);
});

test("production names all violations at once", () => {
  // Of several for one setting, the first.
  const all = VIOLATIONS.filter(({ change }, i) => {
    const [setting = ""] = Object.keys(change);
    return VIOLATIONS.findIndex((other) => setting in other.change) === i;
  });
  const change = Object.assign({}, ...all.map((violation) => violation.change));
  expect(all.length).toBe(14);
  expect(pathsOfProblems(change, "production").sort()).toEqual(all.map(({ path }) => path).sort());
});

test("what is unsafe is named beside what is missing or malformed", () => {
  const change = {
    network: undefined,
    relayers: "7",
    "listen.trusted_proxies": '["0.0.0.0/1", "x"]',
    "rates.redis_down_fraction": "much",
    replicas: "many",
    "redis.url": undefined,
    "ledger.url": "sqlite:relay.db",
    "near.endpoints": '[{"url": "http://rpc.example"}, "x", 7]',
    "auth.api_key_peppers": '["env:NOT_SET", "env:SHORT"]',
    "audit.signing_seed": "env:NOT_SET",
    "admin.keys": '[{"name": "ops", "role": "admin", "secret": "env:SHORT"}, 7]',
    "admin.tls": undefined,
  };
  expect(pathsOfProblems(change, "production").sort()).toEqual([
    "admin.keys.0.secret",
    "admin.keys.1",
    "admin.tls",
    "audit.signing_seed",
    "auth.api_key_peppers.0",
    "auth.api_key_peppers.1",
    "ledger.url",
    "listen.trusted_proxies.0",
    "listen.trusted_proxies.1",
    "near.endpoints.0.url",
    "near.endpoints.1",
    "near.endpoints.2",
    "network",
    "rates.redis_down_fraction",
    "redis",
    "relayers",
    "replicas",
  ]);
});

test("one replica needs neither PostgreSQL nor Redis in production", () => {
  const change = { replicas: "1", "ledger.url": "sqlite:relay.db", "redis.url": undefined };
  expect(pathsOfProblems(change, "production")).toEqual([]);
});

test.each([
  ["1", "1", []],
  ["2", "0.5", []],
  ["3", "0.3333", []],
  ["3", "0.334", ["rates.redis_down_fraction"]],
  ["8", undefined, ["rates.redis_down_fraction"]],
])("of %s replicas with a fraction of %s, production says %j", (replicas, fraction, problems) => {
  const change = { replicas, "rates.redis_down_fraction": fraction };
  expect(pathsOfProblems(change, "production")).toEqual(problems);
});

test.each([
  ["10.0.0.0/8", []],
  ["192.0.2.1", []],
  ["10.0.0.0/7", ["listen.trusted_proxies.0"]],
  ["fd00::/16", []],
  ["2001:db8::1", []],
  ["fd00::/8", ["listen.trusted_proxies.0"]],
  ["2000::/15", ["listen.trusted_proxies.0"]],
])("of %s as a trusted proxy, production says %j", (cidr, problems) => {
  const change = { "listen.trusted_proxies": JSON.stringify([cidr]) };
  expect(pathsOfProblems(change, "production")).toEqual(problems);
});

test("production takes an admin port without TLS on a Unix socket only", () => {
  const unix = { "admin.listen": '{"unix": "/run/admin.sock"}', "admin.tls": undefined };
  expect(pathsOfProblems(unix, "production")).toEqual([]);
});

test.each([
  ["http://localhost:3030", []],
  ["http://127.9.9.9:3030", []],
  ["http://[::1]:3030", []],
  ["http://127.0.0.1.example:3030", ["near.endpoints.0.url"]],
  ["http://[::2]:3030", ["near.endpoints.0.url"]],
])("of %s, production says %j", (url, problems) => {
  const change = { "near.endpoints": JSON.stringify([{ url }]) };
  expect(pathsOfProblems(change, "production")).toEqual(problems);
});
