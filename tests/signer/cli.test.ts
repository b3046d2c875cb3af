import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Secret } from "@countersign/service-kit";
import { publicKeyOf } from "@countersign/signer-service/backends/keystore/ed25519-seed.ts";
import { unlockKeystore } from "@countersign/signer-service/backends/keystore/keystore.ts";
import { KeyPair } from "near-api-js";
import { describe, expect, it } from "vitest";
import { openPolicy, type SignerSettings } from "../support/signer-settings.ts";
import { keystoreOf, PASSPHRASE } from "./support/keystores.ts";
import { relayerSettings } from "./support/one-relayer.ts";
import { configFile } from "./support/running-signer.ts";
import { runCli } from "./support/signer-cli.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

const ENV = { KEYSTORE_PASSPHRASE: "correct horse battery staple" };

function adding(command: "generate" | "import", keystore: string, ...more: string[]): string[] {
  const names = ["--key-id", "relayer-1", "--network", "testnet"];
  return [
    "keys",
    command,
    "--keystore",
    keystore,
    "--passphrase",
    "env:KEYSTORE_PASSPHRASE",
    ...names,
    ...more,
  ];
}

const newKeystore = () => join(temporaryDirectory(), "keystore.json");

describe("signer help", () => {
  it("names every command, and shows one as that command shows itself", async () => {
    const { code, stdout } = await runCli(["help"]);
    expect(code).toBe(0);
    for (const name of ["run", "keys", "status", "master-secret"]) expect(stdout).toMatch(`\n  ${name} `);
    const shown = await runCli(["help", "status"]);
    expect(shown).toMatchObject({ code: 0, stdout: expect.stringContaining("--admin <address>") });
    expect(shown).toEqual(await runCli(["status", "--help"]));
  });
});

describe("signer keys generate", () => {
  it("makes a keystore whose public key list and export-public show, with nothing secret on the way", async () => {
    const keystore = newKeystore();
    const made = await runCli(adding("generate", keystore, "--account", "relay.testnet", "--json"), ENV);
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const key = JSON.parse(made.stdout);
    expect(key).toMatchObject({ key_id: "relayer-1", network: "testnet", account_id: "relay.testnet" });

    const list = await runCli(["keys", "list", "--keystore", keystore, "--json"]);
    expect(JSON.parse(list.stdout)).toEqual([key]);
    const table = await runCli(["keys", "list", "--keystore", keystore]);
    expect(table.stdout).toContain(`relayer-1  testnet  relay.testnet  ${key.public_key}`);
    const one = await runCli(["keys", "export-public", "--keystore", keystore, "--key-id", "relayer-1"]);
    expect(one.stdout).toBe(`${key.public_key}\n`);
    expect(await unlockKeystore(keystore, PASSPHRASE)).toHaveLength(1);
    expect(made.stdout + list.stdout + table.stdout).not.toMatch(/ciphertext|horse/);
  });

  it("takes no passphrase on the command line", async () => {
    const keystore = newKeystore();
    const args = adding("generate", keystore, "--account", "relay.testnet");
    args[args.indexOf("env:KEYSTORE_PASSPHRASE")] = "hunter2";
    const result = await runCli(args, ENV);
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain("must be a reference");
    expect(result.stderr).not.toContain("hunter2");
    expect(existsSync(keystore)).toBe(false);
  });

  it("says what is wrong: passphrase not set, wrong passphrase, key id taken, bad account", async () => {
    const keystore = await keystoreOf({ keyId: "relayer-1" });
    const run = (env: Record<string, string>, keyId: string, account: string) => {
      const args = adding("generate", keystore, "--account", account);
      args[args.indexOf("relayer-1")] = keyId;
      return runCli(args, env);
    };
    const results = await Promise.all([
      run({}, "b", "b.testnet"),
      run(ENV, "relayer-1", "b.testnet"),
      run(ENV, "b", "Not An Account"),
    ]);
    results.push(await run({ KEYSTORE_PASSPHRASE: "wrong" }, "b", "b.testnet"));
    const messages = [
      "is not set",
      "key id relayer-1 occurs twice",
      "not a NEAR account name",
      "passphrase is wrong",
    ];
    for (const [i, message] of messages.entries()) {
      expect(results[i]).toMatchObject({ code: 1, stdout: "" });
      expect(results[i]?.stderr).toMatch(/^signer: /);
      expect(results[i]?.stderr).toContain(message);
    }
  });
});

describe("signer keys import", () => {
  const pair = KeyPair.fromRandom("ed25519");
  const publicKey = pair.getPublicKey().toString();
  const secretFile = (text: string, mode = 0o600) => {
    const path = join(temporaryDirectory(), "secret");
    writeFileSync(path, text, { mode });
    return `file:${path}`;
  };

  it("takes near-api-js's secret key from the environment", async () => {
    const keystore = newKeystore();
    const env = { ...ENV, RELAYER_KEY: pair.toString() };
    const args = adding("import", keystore, "--secret-key", "env:RELAYER_KEY", "--account", "relay.testnet");
    const result = await runCli(args, env);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    const [key] = await unlockKeystore(keystore, new Secret(ENV.KEYSTORE_PASSPHRASE));
    expect(key?.entry.public_key).toBe(publicKey);
    expect(Buffer.from(key === undefined ? [] : publicKeyOf(key.privateKey).data)).toEqual(
      Buffer.from(pair.getPublicKey().data),
    );
  });

  it("takes a near-cli credentials file, and the account from it", async () => {
    const keystore = newKeystore();
    const credentials = { account_id: "relay.testnet", public_key: publicKey, private_key: pair.toString() };
    const secret = secretFile(JSON.stringify(credentials));
    const result = await runCli(adding("import", keystore, "--secret-key", secret, "--json"), ENV);
    expect(JSON.parse(result.stdout)).toMatchObject({ account_id: "relay.testnet", public_key: publicKey });
    const other = await runCli(
      adding("import", keystore, "--secret-key", secret, "--account", "other.testnet"),
      ENV,
    );
    expect(other.stderr).toContain("those of relay.testnet, not of other.testnet");
  });

  it("refuses a key inline, an open file, and a key without an account, and quotes none of them", async () => {
    const secret = pair.toString();
    const attempts = [
      [["--secret-key", secret, "--account", "a.testnet"], "must be a reference"],
      [["--secret-key", secretFile(secret, 0o644), "--account", "a.testnet"], "open to everybody"],
      [["--secret-key", secretFile(secret)], "--account is needed"],
      [["--secret-key", secretFile(`${secret}1`), "--account", "a.testnet"], "32 or 64 bytes"],
    ] as const;
    for (const [args, message] of attempts) {
      const result = await runCli(adding("import", newKeystore(), ...args), ENV);
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toContain(message);
      expect(result.stderr).not.toContain(secret.slice(8));
    }
  });
});

describe("signer keys export-public", () => {
  it("says so when there is no such key or no such file", async () => {
    const keystore = await keystoreOf({});
    const none = await runCli(["keys", "export-public", "--keystore", keystore, "--key-id", "b"]);
    expect(none).toMatchObject({ code: 1, stderr: `signer: ${keystore} holds no key b\n` });
    const missing = await runCli(["keys", "list", "--keystore", `${keystore}.none`]);
    expect(missing).toMatchObject({ code: 1, stderr: `signer: there is no keystore ${keystore}.none\n` });
  });
});

describe("signer config check", () => {
  const policies = { "relayer-1": openPolicy("testnet", "relay.testnet") };

  function fileOf(keystore: string, more: SignerSettings = {}): string {
    return configFile(relayerSettings(temporaryDirectory(), keystore, { policies, ...more }));
  }

  it("shows what is in effect, with the passphrase as its reference, and how many keys open", async () => {
    const file = fileOf(await keystoreOf({}));
    const env = { ...ENV, SIGNER_LOG__LEVEL: "debug" };
    const result = await runCli(["config", "check", "--config", file], env);
    expect(result).toMatchObject({ code: 0, stderr: "" });
    expect(result.stdout).toContain("passphrase: env:KEYSTORE_PASSPHRASE");
    expect(result.stdout).toContain("level: debug");
    expect(result.stdout).toContain("keys that open: 1");
    expect(result.stdout).not.toContain("horse");
    const json = await runCli(["config", "check", "--config", file, "--json"], env);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ok: true,
      keys: [{ key_id: "relayer-1", has_policy: true }],
      away: [],
    });
  });

  it("names what is away, also in JSON", async () => {
    const token = { T: "hvs.token" };
    const vault = {
      type: "vault",
      name: "vault-1",
      endpoint: "http://127.0.0.1:1",
      token: "env:T",
      mount: "transit",
    };
    const names = { network: "testnet", account_id: "relay.testnet" };
    const keys = [{ id: "relayer-1", backend: "vault-1", reference: "relayer-1", ...names }];
    const file = fileOf("", { backends: [vault], keys });
    const { stdout } = await runCli(["config", "check", "--config", file, "--json"], token);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      keys: [],
      away: [{ backend: "vault-1", key_ids: ["relayer-1"], problem: expect.stringContaining("Vault") }],
    });
  });

  it("says that the store cannot be read, unless there is none yet", async () => {
    const folder = temporaryDirectory();
    const path = join(folder, "store.db");
    const keystore = await keystoreOf({});
    const file = fileOf(keystore, { store: { url: `sqlite:${path}` } });
    const check = () => runCli(["config", "check", "--config", file], ENV);
    expect((await check()).code).toBe(0);
    writeFileSync(path, "");
    expect((await check()).code).toBe(0);
    writeFileSync(path, "no database at all, but text that is longer than the header of one".repeat(20));
    expect(await check()).toMatchObject({ code: 1, stdout: "" });
  });

  it("names every problem at once", async () => {
    const file = fileOf("", { log: { level: "loud" }, audience: "two words", note: 1 });
    const result = await runCli(["config", "check", "--config", file]);
    expect(result).toMatchObject({ code: 1, stdout: "" });
    for (const path of ["backends.0.file", "backends.0.passphrase", "audience", "log.level", "note"]) {
      expect(result.stderr).toContain(path);
    }
  });

  it("says which policy is for no key that is held, or for another network or account than its key's", async () => {
    const keystore = await keystoreOf({});
    const [mainnet, bob] = [openPolicy("mainnet", "relay.testnet"), openPolicy("testnet", "bob.testnet")];
    for (const [keyId, policy, message] of [
      ["relayer-2", mainnet, "a policy for key relayer-2, which the signer does not hold"],
      ["relayer-1", mainnet, "the policy of key relayer-1 is for network mainnet"],
      ["relayer-1", bob, "the policy of key relayer-1 is for account bob.testnet"],
    ] as const) {
      const file = fileOf(keystore, { policies: { [keyId]: policy } });
      const result = await runCli(["config", "check", "--config", file], ENV);
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toContain(message);
    }
  });

  it("tries the passphrase", async () => {
    const file = fileOf(await keystoreOf({}));
    const result = await runCli(["config", "check", "--config", file], { KEYSTORE_PASSPHRASE: "wrong" });
    expect(result).toMatchObject({ code: 1, stdout: "" });
    expect(result.stderr).toContain("the passphrase is wrong");
  });
});
