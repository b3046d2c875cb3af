import { readFile } from "node:fs/promises";
import { ConfigError, type Environment } from "@countersign/service-kit";
import { expect, test } from "vitest";
import { loadLockRelayConfig } from "./config.ts";
import { lockRelaySchema } from "./lock-relay-schema.ts";
import { keysOf } from "./schema-keys.ts";

const EXAMPLE = new URL("../../../docs/lock-relay.example.yaml", import.meta.url).pathname;

/** What the example refers to. */
const EXAMPLE_ENV = {
  API_KEY_PEPPER: "1".repeat(32),
  ADMIN_CONSOLE_KEY: "2".repeat(32),
  AUDIT_SIGNING_SEED: `${"34".repeat(31)}35`,
  APP_TOKEN_SEED: `${"38".repeat(31)}39`,
  GOOGLE_CLIENT_SECRET: "hunter2",
};

const MINIMAL = { "signer.url": "unix:/run/signer.sock" };

function problemsOf(flags: Readonly<Record<string, string>>, env: Environment = {}): Record<string, string> {
  try {
    loadLockRelayConfig({ env, flags });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return Object.fromEntries(error.problems.map(({ path, message }) => [path, message]));
  }
  return {};
}

test("a signer is all that a relay for the lock alone needs", () => {
  const { config } = loadLockRelayConfig({ env: {}, flags: MINIMAL });
  expect(config).toMatchObject({
    lock: { enabled: true },
    signer: {
      address: { kind: "unix", path: "/run/signer.sock" },
      grants: undefined,
      passCredentials: false,
    },
    rates: {
      lock: { perSecond: 2, burst: 30 },
      lockTenant: { perSecond: 50, burst: 500 },
      lockKeyAlarm: { perSecond: 100, burst: 1000 },
    },
    limits: { maxRunningCalls: 4096 },
  });
  expect(config.near).toBeUndefined();
});

test("production asks for its secrets, and for no grants", () => {
  const problems = problemsOf(MINIMAL, { NODE_ENV: "production" });
  expect(Object.keys(problems).sort()).toEqual(["audit.signing_seed", "auth.api_key_peppers"]);
});

test("a relay for the lock alone has no accounts, and no pools of keys", () => {
  const pool = { key_id_prefix: "pool-", min_keys: 1, max_keys: 2 };
  const relayers = JSON.stringify([{ account_id: "app.near", key_ids: ["k"], pool }]);
  expect(Object.values(problemsOf({ ...MINIMAL, relayers })).join()).toContain("relayers");
});

test("a contract may be asked for passkeys, at endpoints that are named", () => {
  const session = JSON.stringify({
    issuer: "https://relay.example",
    signing_keys: [{ id: "k1", seed: "env:SEED" }],
    contract_verification: { contract: "passkeys.near", method: "is_valid" },
  });
  const env = { SEED: "5a".repeat(32) };
  expect(Object.keys(problemsOf({ ...MINIMAL, session }, env))).toEqual(["session.contract_verification"]);
  const near = JSON.stringify({ endpoints: [{ url: "https://rpc.example" }] });
  const { config } = loadLockRelayConfig({ env, flags: { ...MINIMAL, session, near } });
  expect(config.near).toMatchObject({ timeoutMs: 10_000, retries: 3 });
  expect(Object.keys(problemsOf({ ...MINIMAL, near }))).toEqual(["near"]);
});

test("the example loads, in production too, and its dump shows no secret", () => {
  const env = { ...EXAMPLE_ENV, NODE_ENV: "production" };
  const { config, dump } = loadLockRelayConfig({ file: EXAMPLE, env });
  expect(config.signer.address.kind).toBe("tls");
  expect(dump()).not.toContain("hunter2");
});

test("the example explains every key", async () => {
  const text = await readFile(EXAMPLE, "utf8");
  const missing = keysOf(lockRelaySchema({})).filter((key) => !new RegExp(`^[ #-]*${key}:`, "m").test(text));
  expect(missing).toEqual([]);
});
