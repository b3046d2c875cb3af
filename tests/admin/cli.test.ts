import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { makeDevCerts } from "../../scripts/dev-certs.ts";
import { delegate } from "../ledger/builders.ts";
import { TestWallet } from "../support/test-wallet.ts";
import { type AdminWorld, KEYS, SECRETS, startAdmin } from "./admin-world.ts";
import { countersign } from "./countersign-cli.ts";

/** A test may start thirty processes. */
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
let world: AdminWorld;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "countersign-"));
  world = await startAdmin();
});
afterAll(async () => {
  await world.stop();
  await rm(folder, { recursive: true });
});

function run(...args: string[]) {
  return countersign(args, { COUNTERSIGN_ADMIN_URL: world.url, COUNTERSIGN_ADMIN_KEY: SECRETS.admin });
}

/** Runs a command that must work, and gives what it printed. */
async function printed(...args: string[]): Promise<string> {
  const result = await run(...args);
  expect(result).toMatchObject({ code: 0, stderr: "" });
  return result.stdout;
}

async function printedJson(...args: string[]) {
  return JSON.parse(await printed(...args, "--json"));
}

async function fileOf(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

const POLICY = `
allowed_origins: [https://wallet.example]
delegates:
  allow:
    - receiver: guest-book.test
      methods: [add_message]
  action_kinds: [FunctionCall]
`;

test("an operator's day: a tenant from its creation to its verified audit log", async () => {
  expect(await printed("tenant", "create", "acme", "--name", "Acme Inc")).toMatch(
    /^TENANT +NAME +STATE.*\nacme +Acme Inc +enabled/,
  );
  expect(await printedJson("tenant", "get", "acme")).toMatchObject({
    tenant: { id: "acme", display_name: "Acme Inc", disabled: false, version: "1" },
  });

  const made = await printed(
    "key",
    "create",
    "acme",
    "--scopes",
    "read,submit",
    "--name",
    "backend",
    "--lifetime",
    "90d",
  );
  const secret = /cs_live_\w+/.exec(made)?.[0] ?? "none";
  expect(made.split(secret)).toHaveLength(2);
  expect(made).toContain("read,submit");
  expect(await printed("key", "list", "acme")).not.toContain(secret.slice(-20));

  const policyFile = await fileOf("policy.yaml", POLICY);
  expect(await run("policy", "set", "acme", policyFile)).toEqual({
    code: 0,
    stdout: "acme: policy version 1\n",
    stderr: "warning: no budget bounds what this policy allows: countersign limits set acme FILE\n",
  });
  const limits = await fileOf("limits.json", '{"tenant_day": {"accounts": 100, "gas": "5000"}}');
  expect(await printed("limits", "set", "acme", limits)).toBe("acme: limits version 1\n");
  expect(await printed("limits", "get", "acme")).toMatch(
    /tenant_day:\n {2}accounts: "100"\n {2}gas: "5000"\n/,
  );

  expect(await printedJson("policy", "set", "acme", policyFile)).toMatchObject({ policy: { version: "2" } });
  const shown = await printed("policy", "get", "acme");
  expect(shown).toMatch(/^# version 2, by admin:admin at /);
  const again = await fileOf("again.yaml", shown);
  expect(await printed("policy", "set", "acme", again, "--expected-version", "2")).toBe(
    "acme: policy version 3\n",
  );

  const signed = await new TestWallet("alice.testnet").delegate();
  const delegateFile = await fileOf("delegate.bin", signed);
  expect(await printed("policy", "test", "acme", "--delegate", delegateFile)).toMatch(
    /^ACCEPTABLE by policy version 3/,
  );
  const base64 = Buffer.from(signed).toString("base64");
  expect(await printedJson("policy", "test", "acme", "--delegate", base64)).toMatchObject({
    decision: "DECISION_ACCEPTABLE",
  });
  const account = await printed("policy", "test", "acme", "--account", "bob.app.testnet", "--balance", "5");
  expect(account).toMatch(/^REFUSED/);
  expect(account).toContain("POLICY_NOT_GRANTED");

  await world.ledger.accept(delegate("used", { tenant: "acme", at: new Date() }));
  expect(await printed("usage", "--by", "method", "--since", "24h")).toMatch(/\nacme +SubmitDelegate +1 /);
  expect(await printedJson("usage", "--by", "user", "--tenant", "acme")).toMatchObject({
    usage: [{ tenant: "acme", submissions: "1" }],
  });

  const paused = await printed("pause", "tenant", "acme", "--reason", "looks odd", "--hold");
  expect(paused).toMatch(/\ntenant +acme +hold .* admin:admin +looks odd\n/);
  expect(await printed("pauses")).toMatch(/acme(.|\n)*open submissions: 1\n$/);
  expect(await printed("resume", "tenant", "acme")).toContain("acme");
  expect(await printedJson("pauses")).toMatchObject({ pauses: [], open_submissions: "1" });

  const log = join(folder, "acme.jsonl");
  expect(await printed("audit", "export", "acme", "--out", log)).toBe("");
  expect(await printed("audit", "export", "acme")).toContain('"pause.ended"');
  const text = await readFile(log, "utf8");
  expect(text).not.toContain(secret.slice(-20));
  const verified = await countersign(["audit", "verify", log, "--public-key", world.publicKey], {});
  expect(verified).toMatchObject({ code: 0, stderr: "" });
  expect(verified.stdout).toMatch(/^ok: the log of acme, entries 1 to \d+/);

  const altered = await fileOf("altered.jsonl", text.replace("looks odd", "looks fine"));
  const found = await countersign(["audit", "verify", altered], {});
  expect(found.code).toBe(1);
  expect(found.stdout).toMatch(/^ALTERED at line \d+, entry \d+/);
  const json = await countersign(["audit", "verify", altered, "--json"], {});
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({ ok: false });
});

test("keys are rotated and revoked", async () => {
  await printed("tenant", "create", "rotating");
  const { key } = await printedJson("key", "create", "rotating", "--scopes", "read");
  const rotated = await printedJson("key", "rotate", "rotating", key.id, "--overlap", "1h");
  expect(rotated).toMatchObject({ key: { rotated_from: key.id }, old_key: { id: key.id } });
  expect(rotated.secret).toMatch(/^cs_live_/);
  expect(await printed("key", "revoke", "rotating", rotated.key.id, "--reason", "leaked")).toContain(
    "revoked",
  );
  const once = ["key", "create", "rotating", "--scopes", "read", "--idempotency-key", "same"];
  const [first, second] = [await printed(...once), await printed(...once)];
  expect(first).toContain("shown once");
  expect(second).toContain("made before");
  expect(second).not.toContain("cs_live_");
});

test("a tenant is disabled and enabled, and its issuers come from a file", async () => {
  await printed("tenant", "create", "changing");
  expect(await printed("tenant", "update", "changing", "--disable")).toContain("disabled");
  expect(await printed("tenant", "update", "changing", "--enable", "--name", "New")).toMatch(/New +enabled/);
  const issuer = { issuer: "https://i.example", audience: "a", jwks_uri: "https://i.example/keys" };
  const file = await fileOf(
    "issuers.json",
    JSON.stringify({ issuers: [{ ...issuer, algorithms: ["ES256"], scopes: ["read"] }] }),
  );
  expect(await printed("tenant", "update", "changing", "--token-issuers", file)).toContain(
    "https://i.example",
  );
  expect(await printed("tenant", "list")).toContain("changing");
});

const SIGN_IN = `
relying_parties:
  - id: wallet.example
    name: Wallet
    origins:
      - https://wallet.example
      - https://related.example
providers:
  - id: google
    client_id: "1234.apps.googleusercontent.com"
    client_secret_name: google
scopes:
  - submit
  - threshold
`;

test("how a tenant's users sign in comes from a file, and is shown as one that can be read", async () => {
  await printed("tenant", "create", "signing");
  const file = await fileOf("sign-in.yaml", SIGN_IN);
  expect(await printed("tenant", "update", "signing", "--sign-in", file)).toMatch(/signing .* 2 /);
  const shown = await printed("tenant", "get", "signing");
  expect(shown).toContain(SIGN_IN.trimStart().replaceAll('"', ""));
  const again = await fileOf("again-sign-in.yaml", shown.slice(shown.indexOf("# sign-in")));
  expect(await printed("tenant", "update", "signing", "--sign-in", again)).toMatch(/signing .* 3 /);
  const wrong = await fileOf("wrong-sign-in.yaml", SIGN_IN.replace("id: wallet", "id: Wallet"));
  expect((await run("tenant", "update", "signing", "--sign-in", wrong)).stderr).toMatch(
    /^SIGN_IN_INVALID: relying_parties\[0\] id/,
  );
  expect(await printed("key", "create", "signing", "--scopes", "read,threshold")).toContain("read,threshold");
});

describe("what goes wrong", () => {
  test("a refusal is its reason and its message, with exit code 1", async () => {
    const result = await run("tenant", "get", "nobody");
    expect(result).toEqual({ code: 1, stdout: "", stderr: "TENANT_NOT_FOUND: there is no tenant nobody\n" });
    expect((await run("tenant", "create", "Not-A-Name")).stderr).toMatch(/^FIELD_INVALID: tenant/);
    expect((await run("pause", "method", "Nothing", "--reason", "x")).stderr).toMatch(
      /^FIELD_INVALID: target/,
    );
  });

  test("a policy that cannot be read names its file, and one that cannot be used its field", async () => {
    await printed("tenant", "create", "broken");
    const unknown = await fileOf("unknown.yaml", "allowed_orgins: []");
    const first = await run("policy", "set", "broken", unknown);
    expect(first).toMatchObject({ code: 1, stdout: "" });
    expect(first.stderr).toContain(unknown);
    const wrong = await fileOf("wrong.yaml", "delegates: {condition: '1 +'}");
    expect((await run("policy", "set", "broken", wrong)).stderr).toMatch(/^POLICY_INVALID: .*condition/);
  });

  test.each([
    [["tenant", "update", "acme"]],
    [["tenant", "update", "acme", "--enable", "--disable"]],
    [["key", "create", "acme", "--scopes", "everything"]],
    [["key", "create", "acme", "--scopes", "read", "--lifetime", "soon"]],
    [["policy", "test", "acme"]],
    [["policy", "set", "acme"]],
    [["usage", "--by", "colour"]],
    [["pause", "relay"]],
    [["pause", "everything", "--reason", "x"]],
    [["no-such-command"]],
    [["tenant", "list", "--admin-url", "ftp://example"]],
    [["tenant", "list", "--admin-url", "http://198.51.100.1:8443"]],
    [["tenant", "list", "--url", "https://example"]],
  ])("%j is used wrongly: exit code 2", async (args) => {
    const result = await run(...args);
    expect(result).toMatchObject({ code: 2, stdout: "" });
    expect(result.stderr).not.toBe("");
  });

  test("credentials are missing, wrong or too small, and never repeated", async () => {
    const url = { COUNTERSIGN_ADMIN_URL: world.url };
    const listing = ["tenant", "list"];
    const results = [
      await countersign(listing, url),
      await countersign(listing, { ...url, COUNTERSIGN_ADMIN_KEY: "hunter2" }),
      await countersign(["tenant", "create", "x1"], { ...url, COUNTERSIGN_ADMIN_KEY: SECRETS.viewer }),
      await countersign([...listing, "--key", "hunter2"], url),
      await countersign([...listing, "--key", "env:NOBODY"], url),
      await countersign(listing, { ...url, COUNTERSIGN_ADMIN_KEY: "hunter2\nhunter3" }),
    ];
    expect(results.map(({ code }) => code)).toEqual([1, 1, 1, 2, 2, 2]);
    const said = results.map(({ stderr }) => stderr);
    expect(said[0]).toMatch(/^CREDENTIALS_MISSING: /);
    expect(said[1]).toMatch(/^CREDENTIALS_INVALID: /);
    expect(said[2]).toMatch(/^SCOPE_MISSING: /);
    expect(said[3]).toContain("--key: must be a reference");
    expect(said[4]).toBe("--key: env:NOBODY is not set\n");
    expect(said[5]).toMatch(/^COUNTERSIGN_ADMIN_KEY: /);
    expect(said.join()).not.toContain("hunter2");
  });

  test("a file that cannot be written or read is named", async () => {
    const path = join(folder, "no", "such", "file");
    const results = await Promise.all([run("audit", "export", "--out", path), run("audit", "verify", path)]);
    for (const { code, stderr } of results) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/^ENOENT: .*\n$/);
      expect(stderr).toContain(path);
    }
  });

  test("an export that is refused leaves the earlier one as it was", async () => {
    const earlier = await fileOf("earlier.jsonl", "earlier\n");
    const result = await run("audit", "export", "nobody", "--out", earlier);
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(await readFile(earlier, "utf8")).toBe("earlier\n");
  });

  test.each([
    ["a port", "http://127.0.0.1:1"],
    ["a socket", "unix:/no/such.sock"],
  ])("a relay that is not there is UNAVAILABLE: %s", async (_, url) => {
    const result = await run("pauses", "--admin-url", url);
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toMatch(/^UNAVAILABLE: /);
  });

  test("a configuration that is not there is named", async () => {
    const path = join(folder, "none.yaml");
    const result = await run("relay", "--config", path);
    expect(result).toEqual({ code: 1, stdout: "", stderr: `${path} cannot be read (ENOENT)\n` });
  });
});

test("a document on the standard input is waited for, and only so much is read", async () => {
  const env = { COUNTERSIGN_ADMIN_URL: world.url, COUNTERSIGN_ADMIN_KEY: SECRETS.admin };
  await countersign(["tenant", "create", "slow"], env);
  const set = (input: (stdin: Writable) => void) => countersign(["limits", "set", "slow", "-"], env, input);
  const later = (text: string) => (stdin: Writable) => void setTimeout(() => stdin.end(text), 1_000);
  const results = [
    await set(later('{"tenant_day": {"accounts": 10}}')),
    await set(later("")),
    await set((stdin) => {
      // It ends before all of it has gone.
      stdin.on("error", () => undefined);
      stdin.end("#".repeat(2 ** 22));
    }),
  ];
  expect(results).toEqual([
    { code: 0, stdout: "slow: limits version 1\n", stderr: "" },
    { code: 1, stdout: "", stderr: "- is empty\n" },
    { code: 1, stdout: "", stderr: "- is larger than 1 MiB\n" },
  ]);
});

test("the key comes by reference, from a file or the environment, over a Unix socket too", async () => {
  const path = join(folder, "admin.sock");
  const local = await startAdmin({ admin: { listen: { kind: "unix", path } } });
  try {
    const keyFile = await fileOf("admin.key", `${SECRETS.viewer}\n`);
    await chmod(keyFile, 0o600);
    const list = ["tenant", "list", "--admin-url", `unix:${path}`];
    const results = await Promise.all([
      countersign([...list, "--key", `file:${keyFile}`], {}),
      countersign([...list, "--key", "env:MY_KEY"], { MY_KEY: SECRETS.viewer }),
      countersign(list, { COUNTERSIGN_ADMIN_KEY: `file:${keyFile}` }),
    ]);
    expect(results.map(({ code, stderr }) => [code, stderr])).toEqual([
      [0, ""],
      [0, ""],
      [0, ""],
    ]);
  } finally {
    await local.stop();
  }
});

test("with TLS, the authority and the caller's certificate come as files", async () => {
  const certs = makeDevCerts(join(folder, "certs"));
  const tls = { certFile: certs.serverCert, keyFile: certs.serverKey, clientCaFile: certs.ca };
  const secure = await startAdmin({
    admin: {
      listen: { kind: "tcp", host: "localhost", port: 0, tls },
      keys: KEYS,
      clients: [{ name: "relay", role: "viewer" }],
    },
  });
  try {
    const list = ["tenant", "list", "--admin-url", secure.url, "--ca", certs.ca];
    const known = await countersign([...list, "--cert", certs.clientCert, "--key-file", certs.clientKey], {});
    expect(known).toMatchObject({ code: 0, stderr: "" });
    expect((await countersign(list, {})).code).toBe(1);
    expect((await countersign([...list, "--cert", certs.clientCert], {})).code).toBe(2);
  } finally {
    await secure.stop();
  }
});

test("config check is not confused by what the operators' commands take from the environment", async () => {
  const settings = {
    network: "testnet",
    "signer.url": "unix:/run/signer.sock",
    "near.endpoints": '[{"url": "https://rpc.example"}]',
    relayers: '[{"account_id": "app.near", "key_ids": ["relayer-1"]}]',
  };
  const args = Object.entries(settings).flatMap(([path, value]) => ["--set", `${path}=${value}`]);
  const result = await run("config", "check", ...args);
  expect(result).toMatchObject({ code: 0, stderr: "" });
  expect(result.stdout).toContain("replicas: 1\n");
});
