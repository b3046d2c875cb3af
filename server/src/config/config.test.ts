import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, type Environment } from "@countersign/service-kit";
import { expect, onTestFinished, test } from "vitest";
import { loadRelayConfig } from "./config.ts";
import { relaySchema } from "./relay-schema.ts";
import { keysOf } from "./schema-keys.ts";

const EXAMPLE = new URL("../../../docs/relay.example.yaml", import.meta.url).pathname;

/** What the example refers to. */
const EXAMPLE_ENV = {
  NEAR_RPC_KEY: "key",
  API_KEY_PEPPER: "1".repeat(32),
  ADMIN_CONSOLE_KEY: "2".repeat(32),
  AUDIT_SIGNING_SEED: `${"34".repeat(31)}35`,
  SIGNER_GRANT_SEED: `${"36".repeat(31)}37`,
  APP_TOKEN_SEED: `${"38".repeat(31)}39`,
  WEBHOOK_SEALING_KEY: `${"40".repeat(31)}41`,
  GOOGLE_CLIENT_SECRET: "hunter2",
};

const MINIMAL = {
  network: "testnet",
  signer: { url: "unix:/run/signer.sock" },
  near: { endpoints: [{ url: "https://rpc.testnet.near.org" }] },
  relayers: [{ account_id: "app.near", key_ids: ["relayer-1"] }],
};

const CREATION = {
  mode: "sub_account",
  suffixes: [".app.near"],
  initial_balance: { min: "0", max: "100", default: "10" },
};

/** Loads a tree, or the text of a file. */
async function load(given: unknown, env: Environment = {}) {
  const folder = await mkdtemp(join(tmpdir(), "relay-config-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, "relay.yaml");
  await writeFile(file, typeof given === "string" ? given : JSON.stringify(given));
  return loadRelayConfig({ file, env });
}

async function problemsOf(tree: unknown, env: Environment = {}): Promise<Record<string, string>> {
  const error = await load(tree, env).then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return Object.fromEntries((error as ConfigError).problems.map((p) => [p.path, p.message]));
}

test("the least that a relay needs is completed with defaults", async () => {
  const { config } = await load(MINIMAL);
  expect(config).toMatchObject({
    listen: { host: "127.0.0.1", port: 8080 },
    operations: { host: "127.0.0.1", port: 9090 },
    signer: { address: { kind: "unix", path: "/run/signer.sock" }, timeoutMs: 5000 },
    near: { timeoutMs: 10_000, retries: 3 },
    relayers: [{ accountId: "app.near", keyIds: ["relayer-1"] }],
    delegates: {
      maxBytes: 65_536,
      maxActions: 100,
      maxGas: 300_000_000_000_000n,
      maxDeposit: 0n,
      minBlocksAhead: 10n,
      maxBlocksAhead: 10_000n,
    },
    foreignSuffixes: [".near"],
    lanes: { window: 16, leaseMs: 5000 },
  });
  expect(config.accountCreation).toBeUndefined();
  expect(config.ledger.url.reveal()).toBe("sqlite:./data/relay.db");
});

test("a pool is sized by operators alone unless its bounds are named", async () => {
  const pool = { key_id_prefix: "pool-" };
  const relayers = [{ account_id: "app.near", key_ids: ["pool-old"], pool }];
  const defaults = { keyIdPrefix: "pool-", growAfterMs: 10_000, shrinkAfterMs: 900_000 };
  expect((await load({ ...MINIMAL, relayers })).config.relayers[0]?.pool).toEqual(defaults);
  const fixed = [{ ...relayers[0], pool: { ...pool, min_keys: 3, max_keys: 3 } }];
  const { config } = await load({ ...MINIMAL, relayers: fixed });
  expect(config.relayers[0]?.pool).toEqual({ ...defaults, minKeys: 3, maxKeys: 3 });
});

test("an account may have the keys of its pool alone", async () => {
  const relayers = [{ account_id: "app.near", key_ids: [], pool: { key_id_prefix: "pool-" } }];
  expect((await load({ ...MINIMAL, relayers })).config.relayers[0]?.keyIds).toEqual([]);
});

test.each([
  ["mainnet", [".testnet"]],
  ["testnet", [".near"]],
  ["countersign-devnet", []],
])("on %s, names that end in %j are foreign", async (network, foreign) => {
  expect((await load({ ...MINIMAL, network })).config.foreignSuffixes).toEqual(foreign);
});

test("LEDGER_URL sets the ledger, and the dump shows no password", async () => {
  const { config, dump } = await load(MINIMAL, { LEDGER_URL: "postgres://relay:hunter2@db:5432/relay?a=b" });
  expect(config.ledger.url.reveal()).toBe("postgres://relay:hunter2@db:5432/relay?a=b");
  expect(dump()).toContain("url: postgres://relay@db:5432/relay\n");
});

test("the ledger's URL and an endpoint's headers may be references, which the dump shows", async () => {
  const endpoint = { url: "https://rpc.example", headers: { Authorization: "env:RPC_KEY" } };
  const tree = { ...MINIMAL, ledger: { url: "env:DB" }, near: { endpoints: [endpoint] } };
  const { config, dump } = await load(tree, { DB: "postgres://db/relay", RPC_KEY: "hunter2" });
  expect(config.ledger.url.reveal()).toBe("postgres://db/relay");
  expect(config.near.endpoints[0]?.headers.Authorization?.reveal()).toBe("hunter2");
  expect(dump()).not.toContain("hunter2");
  expect(dump()).toContain("url: env:DB\n");
  expect(dump()).toContain("Authorization: env:RPC_KEY\n");
});

test("what is dumped is a configuration that loads to the same", async () => {
  const first = await load({ ...MINIMAL, account_creation: CREATION });
  const again = await load(first.dump());
  expect(again.dump()).toBe(first.dump());
});

test("all fields that are wrong are named at once", async () => {
  const problems = await problemsOf({
    network: "Testnet!",
    listen: { port: 99_999 },
    ledger: { url: "mysql://db" },
    signer: { url: "http://signer:50051" },
    near: {
      endpoints: [
        { url: "https://me:hunter2@rpc.example", headers: { "X-Key": "hunter2" } },
        { url: "https://:hunter2@rpc.example", headers: { "Transfer-Encoding": "env:HOME" } },
      ],
    },
    relayers: [],
    delegates: { max_deposit: 5, max_gass: "1" },
    cors: { origins: ["*", "https://a.example/", "null"] },
    log: { level: "loud" },
  });
  expect(Object.keys(problems).sort()).toEqual([
    "cors.origins.0",
    "cors.origins.1",
    "cors.origins.2",
    "delegates.max_deposit",
    "delegates.max_gass",
    "ledger.url",
    "listen.port",
    "log.level",
    "near.endpoints.0.headers.X-Key",
    "near.endpoints.0.url",
    "near.endpoints.1.headers.Transfer-Encoding",
    "near.endpoints.1.url",
    "network",
    "relayers",
    "signer.url",
  ]);
  expect(JSON.stringify(problems)).not.toContain("hunter2");
});

/** The admin section of a key and of a port without TLS. */
const ADMIN = {
  listen: { host: "127.0.0.1", port: 9091 },
  keys: [{ name: "ops", role: "admin", secret: "env:ADMIN_KEY" }],
};
const ADMIN_ENV = { ADMIN_KEY: "hunter2", OTHER_KEY: "hunter3", TWO_WORDS: "hunter 6" };
const CLIENTS = [{ name: "alice", role: "viewer" }];
const ADMIN_TLS = { cert_file: "a", key_file: "b" };

const TLS = { ca_file: "a", cert_file: "b", key_file: "c" };
const CROSS_CHECKS: [name: string, change: object, path: string][] = [
  [
    "a relayer named twice",
    { relayers: [...MINIMAL.relayers, { account_id: "app.near", key_ids: ["k"] }] },
    "relayers",
  ],
  [
    "a relayer with neither a key nor a pool",
    { relayers: [{ account_id: "app.near", key_ids: [] }] },
    "relayers.0.key_ids",
  ],
  [
    "a pool without a most",
    { relayers: [{ ...MINIMAL.relayers[0], pool: { key_id_prefix: "p-", min_keys: 2 } }] },
    "relayers.0.pool.max_keys",
  ],
  [
    "a pool without a least",
    { relayers: [{ ...MINIMAL.relayers[0], pool: { key_id_prefix: "p-", max_keys: 2 } }] },
    "relayers.0.pool.min_keys",
  ],
  [
    "a pool with a most below its least",
    { relayers: [{ ...MINIMAL.relayers[0], pool: { key_id_prefix: "p-", min_keys: 3, max_keys: 2 } }] },
    "relayers.0.pool.max_keys",
  ],
  [
    "a pool whose keys would begin like no key id",
    { relayers: [{ ...MINIMAL.relayers[0], pool: { key_id_prefix: "-p" } }] },
    "relayers.0.pool.key_id_prefix",
  ],
  [
    "a pool whose keys' ids would be too long",
    { relayers: [{ ...MINIMAL.relayers[0], pool: { key_id_prefix: "p".repeat(41) } }] },
    "relayers.0.pool.key_id_prefix",
  ],
  [
    "a pool whose keys could be another pool's",
    {
      relayers: [
        { account_id: "a.near", key_ids: ["k1"], pool: { key_id_prefix: "pool-a" } },
        { account_id: "b.near", key_ids: ["k2"], pool: { key_id_prefix: "pool-" } },
      ],
    },
    "relayers.1.pool.key_id_prefix",
  ],
  [
    "a pool whose prefix begins another account's key id",
    {
      relayers: [
        { account_id: "a.near", key_ids: ["k1"], pool: { key_id_prefix: "pool-" } },
        { account_id: "b.near", key_ids: ["pool-b"] },
      ],
    },
    "relayers.0.pool.key_id_prefix",
  ],
  [
    "a key named twice",
    { relayers: [...MINIMAL.relayers, { account_id: "b.near", key_ids: ["relayer-1"] }] },
    "relayers",
  ],
  [
    "a sub-account suffix without its relayer",
    { account_creation: { ...CREATION, suffixes: [".other.near"] } },
    "account_creation.suffixes.0",
  ],
  [
    "balances out of order",
    { account_creation: { ...CREATION, initial_balance: { min: "9", max: "100", default: "8" } } },
    "account_creation.initial_balance",
  ],
  [
    "mode registrar without a registrar",
    { account_creation: { ...CREATION, mode: "registrar" } },
    "account_creation.registrar",
  ],
  [
    "a registrar in mode sub_account",
    { account_creation: { ...CREATION, registrar: { contract_id: "near", method: "create_account" } } },
    "account_creation.registrar",
  ],
  [
    "an expiry window that is empty",
    { delegates: { min_blocks_ahead: 10, max_blocks_ahead: 10 } },
    "delegates.min_blocks_ahead",
  ],
  [
    "a default deadline beyond the longest",
    { limits: { default_deadline_ms: 70_000 } },
    "limits.default_deadline_ms",
  ],
  ["messages too small for a delegate", { limits: { read_max_bytes: 65_536 } }, "limits.read_max_bytes"],
  ["an https signer without certificates", { signer: { url: "https://signer:50051" } }, "signer.tls"],
  [
    "a trusted proxy that is no network",
    { listen: { trusted_proxies: ["10.0.0.0/8", "proxy"] } },
    "listen.trusted_proxies.1",
  ],
  ["proxies that are everybody", { listen: { trusted_proxies: ["0.0.0.0/0"] } }, "listen.trusted_proxies.0"],
  ["a Redis of another protocol", { redis: { url: "http://redis" } }, "redis.url"],
  [
    "three waits for Redis that are as long as a call",
    { redis: { url: "redis://127.0.0.1", timeout_ms: 3_334 } },
    "redis.timeout_ms",
  ],
  ["a pepper that is no reference", { auth: { api_key_peppers: ["hunter2"] } }, "auth.api_key_peppers.0"],
  [
    "a grant seed that is none",
    {
      signer: { ...MINIMAL.signer, audience: "s", grants: { key_id: "relay", seed: "env:ADMIN_KEY" } },
    },
    "signer.grants.seed",
  ],
  ["an audit seed that is none", { audit: { signing_seed: "env:ADMIN_KEY" } }, "audit.signing_seed"],
  ["a rate of next to nothing", { rates: { ip: { per_second: 1e-17 } } }, "rates.ip.per_second"],
  ["a bucket of nothing", { rates: { ip: { burst: 0 } } }, "rates.ip.burst"],
  ["more than all while Redis is down", { rates: { redis_down_fraction: 1.5 } }, "rates.redis_down_fraction"],
  [
    "balances that stop all before accounts",
    { balance: { accounts_below: "1", all_below: "2" } },
    "balance.accounts_below",
  ],
  ["an admin port for nobody", { admin: { listen: ADMIN.listen } }, "admin.keys"],
  [
    "an admin port in two places",
    { admin: { ...ADMIN, listen: { ...ADMIN.listen, unix: "/a" } } },
    "admin.listen",
  ],
  ["an admin port nowhere", { admin: { ...ADMIN, listen: { host: "127.0.0.1" } } }, "admin.listen"],
  ["TLS on a Unix socket", { admin: { ...ADMIN, listen: { unix: "/a" }, tls: ADMIN_TLS } }, "admin.tls"],
  [
    "clients without their authority",
    { admin: { ...ADMIN, clients: CLIENTS, tls: ADMIN_TLS } },
    "admin.clients",
  ],
  [
    "operators of one name",
    { admin: { ...ADMIN, keys: [...ADMIN.keys, { ...ADMIN.keys[0], secret: "env:OTHER_KEY" }] } },
    "admin.keys",
  ],
  [
    "operators with one secret",
    { admin: { ...ADMIN, keys: [...ADMIN.keys, { ...ADMIN.keys[0], name: "b" }] } },
    "admin.keys",
  ],
  [
    "an unknown role",
    { admin: { ...ADMIN, keys: [{ ...ADMIN.keys[0], role: "root" }] } },
    "admin.keys.0.role",
  ],
  ["certificates for a Unix socket", { signer: { ...MINIMAL.signer, tls: TLS } }, "signer.tls"],
];

test.each(CROSS_CHECKS)("%s is refused", async (_, change, path) => {
  const problems = await problemsOf({ ...MINIMAL, ...change }, ADMIN_ENV);
  expect(Object.keys(problems)).toEqual([path]);
  expect(JSON.stringify(problems)).not.toContain("hunter");
});

test("without an admin section there is no admin port, and rates and audit have defaults", async () => {
  const { config } = await load(MINIMAL);
  expect(config).toMatchObject({
    replicas: 1,
    admin: undefined,
    listen: { trustedProxies: [] },
    cors: { origins: [], credentials: false },
    auth: {},
    rates: {
      ip: { perSecond: 20, burst: 64 },
      failedAuth: { perSecond: 1, burst: 10 },
      user: { perSecond: 5, burst: 20 },
      redisDownFraction: 0.25,
    },
    balance: { accountsBelow: 0n, allBelow: 0n, resumePercent: 110, intervalS: 5 },
    audit: { headIntervalS: 60, retentionDays: 0 },
  });
});

test("the admin port is a Unix socket, or TCP with the files of its TLS", async () => {
  const unix = await load(
    { ...MINIMAL, admin: { ...ADMIN, listen: { unix: "/run/admin.sock" } } },
    ADMIN_ENV,
  );
  expect(unix.config.admin?.listen).toEqual({ kind: "unix", path: "/run/admin.sock" });
  const tls = { ...ADMIN_TLS, client_ca_file: "c" };
  const tcp = await load({ ...MINIMAL, admin: { ...ADMIN, clients: CLIENTS, tls } }, ADMIN_ENV);
  expect(tcp.config.admin).toMatchObject({
    listen: { kind: "tcp", port: 9091, tls: { certFile: "a", keyFile: "b", clientCaFile: "c" } },
    clients: CLIENTS,
  });
  expect(tcp.config.admin?.keys[0]?.secret.reveal()).toBe("hunter2");
});

test("the dump shows no secret of the protection, and loads to the same", async () => {
  const env = { ...ADMIN_ENV, PEPPER: "hunter4", SEED: "5".repeat(64) };
  const tree = {
    ...MINIMAL,
    admin: ADMIN,
    redis: { url: "rediss://relay:hunter5@redis:6380/1" },
    auth: { api_key_peppers: ["env:PEPPER"] },
    audit: { signing_seed: "env:SEED" },
  };
  const { config, dump } = await load(tree, env);
  expect(config.redis?.timeoutMs).toBe(250);
  expect(config.redis?.url.reveal()).toBe("rediss://relay:hunter5@redis:6380/1");
  expect(dump()).toContain("url: rediss://relay@redis:6380/1\n");
  expect(dump()).not.toMatch(/hunter|5555/);
  expect((await load(dump(), env)).dump()).toBe(dump());
});

test("what the command line takes from the environment is no setting of the relay", async () => {
  const env = { COUNTERSIGN_ADMIN_URL: "unix:/a", COUNTERSIGN_ADMIN_KEY: "key" };
  await expect(load(MINIMAL, env)).resolves.toBeDefined();
  const admin = { ...ADMIN, keys: [{ ...ADMIN.keys[0], secret: "env:COUNTERSIGN_ADMIN_KEY" }] };
  expect((await load({ ...MINIMAL, admin }, env)).config.admin?.keys[0]?.secret.reveal()).toBe("key");
});

test("an https signer has an address with its certificates", async () => {
  const { config } = await load({ ...MINIMAL, signer: { url: "https://signer:50051", tls: TLS } });
  expect(config.signer.address).toEqual({
    kind: "tls",
    url: "https://signer:50051",
    tls: { caFile: "a", certFile: "b", keyFile: "c" },
  });
});

test("the example loads, in production too", () => {
  const env = { ...EXAMPLE_ENV, NODE_ENV: "production" };
  const { config } = loadRelayConfig({ file: EXAMPLE, env });
  expect(config.network).toBe("testnet");
});

test("the example explains every key", async () => {
  const text = await readFile(EXAMPLE, "utf8");
  const missing = keysOf(relaySchema({})).filter((key) => !new RegExp(`^[ #-]*${key}:`, "m").test(text));
  expect(missing).toEqual([]);
});

test("requests to the signer are signed with a secret of at least 32 bytes", async () => {
  const signed_requests = { service: "relay", key_id: "k1", secret: "env:KEY" };
  const tree = { ...MINIMAL, signer: { ...MINIMAL.signer, audience: "signer", signed_requests } };
  const { config, dump } = await load(tree, { KEY: "hunter6".repeat(5) });
  expect(config.signer.signedRequests).toMatchObject({ service: "relay", keyId: "k1", audience: "signer" });
  expect(config.signer.signedRequests?.secret.reveal()).toBe("hunter6".repeat(5));
  expect(dump()).not.toContain("hunter");
  expect(Object.keys(await problemsOf(tree, { KEY: "hunter6" }))).toEqual(["signer.signed_requests.secret"]);
});

const ADDRESSED = {
  signed_requests: { service: "relay", key_id: "k1", secret: "env:KEY" },
  grants: { key_id: "g1", seed: "env:KEY" },
};

test.each(Object.entries(ADDRESSED))("%s are for a signer that is named", async (section, settings) => {
  const tree = (audience?: string) => {
    const signer = { ...MINIMAL.signer, [section]: settings, ...(audience !== undefined && { audience }) };
    return { ...MINIMAL, signer };
  };
  const env = { KEY: "5a".repeat(32) };
  for (const wrong of [undefined, "", "-signer", "a signer", "s".repeat(129)]) {
    expect(Object.keys(await problemsOf(tree(wrong), env))).toEqual(["signer.audience"]);
  }
  const { config } = await load(tree("Signer-1.internal_x"), env);
  const { grants, signedRequests } = config.signer;
  expect((section === "grants" ? grants : signedRequests)?.audience).toBe("Signer-1.internal_x");
});
