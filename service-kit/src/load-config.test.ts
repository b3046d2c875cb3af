import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { ConfigError, type ConfigProblem } from "./config-problems.ts";
import { loadConfig } from "./load-config.ts";
import { type Environment, secretField } from "./secret-reference.ts";

const schema = (env: Environment) =>
  z.strictObject({
    name: z.string(),
    port: z.int().max(65_535).default(80),
    tls: z.boolean().default(false),
    balance: z.string().transform(BigInt).default(0n),
    servers: z.array(z.strictObject({ host: z.string(), weight: z.int().default(1) })).default([]),
    passphrase: secretField(env).optional(),
  });

interface Given {
  readonly yaml?: string;
  readonly env?: Environment;
  readonly flags?: Record<string, string>;
}

async function load({ yaml, env = {}, flags = {} }: Given) {
  let file: string | undefined;
  if (yaml !== undefined) {
    const folder = await mkdtemp(join(tmpdir(), "config-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    file = join(folder, "config.yaml");
    await writeFile(file, yaml);
  }
  return loadConfig(schema(env), { file, env, envPrefix: "APP_", envAliases: { PORT: "port" }, flags });
}

async function problemsOf(given: Given): Promise<readonly ConfigProblem[]> {
  const error = await load(given).then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).problems;
}

test("a flag wins over the environment, and that over the file, which wins over the default", async () => {
  const yaml = "name: file\nport: 1\n";
  expect((await load({ yaml: "name: file\n" })).config.port).toBe(80);
  expect((await load({ yaml })).config.port).toBe(1);
  expect((await load({ yaml, env: { APP_PORT: "2" } })).config.port).toBe(2);
  expect((await load({ yaml, env: { APP_PORT: "2" }, flags: { port: "3" } })).config.port).toBe(3);
});

test("an alias sets its field", async () => {
  expect((await load({ yaml: "name: a", env: { PORT: "7" } })).config.port).toBe(7);
});

test("variables reach into lists, and take the type that the schema wants", async () => {
  const { config } = await load({
    env: {
      APP_NAME: "42",
      APP_TLS: "true",
      APP_BALANCE: "1000000000000000000000000",
      APP_SERVERS__0__HOST: "a.example",
      APP_SERVERS__0__WEIGHT: "5",
    },
  });
  expect(config).toEqual({
    name: "42",
    port: 80,
    tls: true,
    balance: 10n ** 24n,
    servers: [{ host: "a.example", weight: 5 }],
  });
});

test("a variable may hold a whole list as YAML", async () => {
  const { config } = await load({ yaml: "name: a", env: { APP_SERVERS: "[{host: h, weight: 2}]" } });
  expect(config.servers).toEqual([{ host: "h", weight: 2 }]);
});

test("all problems are told at once, each with its path and where it came from", async () => {
  const problems = await problemsOf({
    yaml: "prot: 1\nservers: [{host: 5, colour: red}]\npassphrase: env:MISSING\n",
    env: { APP_PORT: "70000", APP_TLSS: "x" },
    flags: { "name.first": "x" },
  });
  expect(Object.fromEntries(problems.map((p) => [p.path, p.message]))).toEqual({
    prot: "is not a known key",
    tlss: "is not a known key (from APP_TLSS)",
    port: expect.stringMatching(/<=65535 \(from APP_PORT\)$/),
    name: expect.stringMatching(/expected string.* \(from flag for name\.first\)$/),
    "servers.0.host": expect.stringContaining("expected string"),
    "servers.0.colour": "is not a known key",
    passphrase: "env:MISSING is not set",
  });
});

test("an override that runs into a scalar names no field", async () => {
  const problems = await problemsOf({ yaml: "name: a", env: { APP_NAME__FIRST: "x" } });
  expect(problems).toEqual([{ path: "name.first", message: "APP_NAME__FIRST names no field" }]);
});

test("a variable that a reference names is a secret and no override", async () => {
  const env = { APP_PASS: "hunter2" };
  const { config } = await load({ yaml: "name: a\npassphrase: env:APP_PASS\n", env });
  expect(config.passphrase?.reveal()).toBe("hunter2");
});

test("the dump shows defaults and references, never a secret", async () => {
  const { dump } = await load({
    yaml: "name: a\npassphrase: env:APP_PASS\nbalance: '12'",
    env: { APP_PASS: "hunter2" },
  });
  expect(dump()).toBe(
    'name: a\nport: 80\ntls: false\nbalance: "12"\nservers: []\npassphrase: env:APP_PASS\n',
  );
});

test("an inline secret is refused and not echoed", async () => {
  const problems = await problemsOf({ yaml: "name: a\npassphrase: hunter2\n" });
  expect(problems).toEqual([{ path: "passphrase", message: expect.stringContaining("must be a reference") }]);
  expect(JSON.stringify(problems)).not.toContain("hunter2");
});

test("broken YAML is refused by line, without quoting it", async () => {
  const problems = await problemsOf({ yaml: "name: a\npassphrase: 'hunter2\n" });
  expect(problems[0]?.message).toMatch(/config\.yaml:\d+:\d+: not YAML/);
  expect(JSON.stringify(problems)).not.toContain("hunter2");
});

test.each([
  ["aliases", "name: &n a\nservers: [*n, *n]\n", "aliases are not taken"],
  ["a list at the top", "- a\n", "must be a mapping"],
  ["more than 1 MiB", `name: ${"a".repeat(1_048_576)}\n`, "more than 1 MiB"],
])("a file with %s is refused", async (_, yaml, message) => {
  expect((await problemsOf({ yaml }))[0]?.message).toContain(message);
});

test("a file that is missing is refused", () => {
  const sources = { file: "/no/such/config.yaml", env: {}, envPrefix: "APP_" };
  expect(() => loadConfig(schema({}), sources)).toThrow("cannot be read (ENOENT)");
});
