import { expect, test } from "vitest";
import { loadEdgeConfig } from "./edge-config.ts";

const SECRETS = {
  KEY: "01ab".repeat(16),
  OTHER_KEY: "02ab".repeat(16),
  FLAT_KEY: "00".repeat(32),
  OPERATOR: "o".repeat(32),
  OTHER_OPERATOR: "p".repeat(32),
};
const KEYS = ["env:KEY", "env:OTHER_KEY"];
const OPERATORS = [
  { name: "ops", secret: "env:OPERATOR" },
  { name: "more-ops", secret: "env:OTHER_OPERATOR" },
];

/** "usable", or what is wrong with a relay that has these settings. */
async function verdict(relay: object, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const settings = { lock: { sealing_keys: KEYS }, operators: OPERATORS, ...relay };
  try {
    await loadEdgeConfig({ RELAY: { tenants: [{ id: "acme" }], ...settings }, ...SECRETS, ...env });
    return "usable";
  } catch (error) {
    return String(error);
  }
}

const production = { NODE_ENV: "production" };

test.each([
  ["one sealing key twice", { lock: { sealing_keys: ["env:KEY", "env:KEY"] } }, "lock.sealing_keys.1"],
  [
    "the same sealing key in capitals",
    { lock: { sealing_keys: ["env:KEY", "env:SHOUTED"] } },
    "lock.sealing_keys.1",
  ],
  [
    "two operators of one name",
    { operators: [OPERATORS[0], { name: "ops", secret: "env:OTHER_OPERATOR" }] },
    "operators.1.name",
  ],
  [
    "two operators with one secret",
    { operators: [OPERATORS[0], { name: "more-ops", secret: "env:OPERATOR" }] },
    "operators.1.secret",
  ],
  ["an upstream in plain text", { upstream: "http://203.0.113.9:8080" }, "upstream"],
])("%s is refused everywhere", async (_, relay, path) => {
  const env = { SHOUTED: SECRETS.KEY.toUpperCase() };
  for (const mode of [{}, production]) {
    const found = await verdict(relay, { ...env, ...mode });
    expect(found).toContain(`${path}:`);
    for (const secret of Object.values(SECRETS)) expect(found).not.toContain(secret);
  }
});

test.each([
  ["an upstream on loopback in plain text", { upstream: "http://127.0.0.1:8080" }, "upstream"],
  [
    "a sealing key of one byte",
    { lock: { sealing_keys: ["env:KEY", "env:FLAT_KEY"] } },
    "lock.sealing_keys.1",
  ],
])("%s is for development alone", async (_, relay, path) => {
  expect(await verdict(relay)).toBe("usable");
  expect(await verdict(relay, production)).toContain(`${path}:`);
});

test("production takes distinct keys and operators, and an upstream with TLS", async () => {
  expect(await verdict({ upstream: "https://relay.example" }, production)).toBe("usable");
});

test("production names its problems beside those of the schema", async () => {
  const relay = { lock: { sealing_keys: ["env:FLAT_KEY", 7] }, upstream: "http://relay.example", odd: 1 };
  const found = await verdict(relay, production);
  expect(found).toContain("lock.sealing_keys.0:");
  expect(found).toContain("odd");
});
