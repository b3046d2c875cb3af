import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { SoftHsm, softHsmModule, USER_PIN } from "../../support/softhsm.ts";
import { runCli } from "../support/signer-cli.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";

const generate = (out: string, ...more: string[]) => [
  ...["master-secret", "generate", "--network", "testnet", "--epoch", "1", "--out", out],
  ...more,
];

it("makes 32 random bytes in a file of its user's alone, and prints none of them", async () => {
  const folder = temporaryDirectory();
  const [one, two] = [join(folder, "one"), join(folder, "two")];
  const made = await runCli(generate(one));
  expect(made).toMatchObject({ code: 0, stderr: "" });
  await runCli(generate(two));
  const secret = readFileSync(one, "utf8");
  expect(secret).toMatch(/^[0-9a-f]{64}\n$/);
  expect(readFileSync(two, "utf8")).not.toBe(secret);
  expect(statSync(one).mode & 0o777).toBe(0o600);
  expect(made.stdout).not.toContain(secret.slice(0, 8));

  expect((await runCli(generate(one))).stderr).toContain("EEXIST");
  expect(readFileSync(one, "utf8")).toBe(secret);
});

it.each([
  [["--seal-with", "hsm"], "--seal-with and --seal-key go together"],
  [["--seal-with", "hsm", "--seal-key", "k"], "--seal-with needs --config"],
  [["--make-seal-key"], "--make-seal-key needs --seal-with"],
])("%j leaves no file behind", async (more, message) => {
  const out = join(temporaryDirectory(), "secret");
  const result = await runCli(generate(out, ...more));
  expect(result).toMatchObject({ code: 1, stdout: "" });
  expect(result.stderr).toContain(message);
  expect(existsSync(out)).toBe(false);
});

describe.skipIf(softHsmModule === undefined)("on a token", () => {
  async function home() {
    const hsm = new SoftHsm();
    onTestFinished(() => hsm.remove());
    await hsm.makeToken("one");
    const folder = temporaryDirectory();
    const [config, out] = [join(folder, "signer.yaml"), join(folder, "testnet-1.json")];
    writeFileSync(
      config,
      `audience: a
listen: { unix: ${folder}/signer.sock }
store: { url: "sqlite:${folder}/signer.db" }
backends: [{ type: pkcs11, name: hsm, module: ${softHsmModule}, token_label: one, pin: "env:PIN" }]
grants: { required: false }
threshold:
  sealing_keys: ["env:SEAL"]
  master_secrets:
    - { network: testnet, epoch: 1, sealed: { file: ${out}, backend: hsm, key: master } }
`,
    );
    const env = { ...hsm.environment, PIN: USER_PIN, SEAL: "11".repeat(32), PATH: process.env.PATH ?? "" };
    const seal = (...more: string[]) =>
      runCli(generate(out, "--config", config, "--seal-with", "hsm", "--seal-key", "master", ...more), env);
    return { config, out, env, seal };
  }

  it("seals it under a key that it makes when it is asked to, and the configuration's check opens it", async () => {
    const { config, out, env, seal } = await home();
    const without = await seal();
    expect(without).toMatchObject({ code: 1 });
    expect(without.stderr).toContain("the token has no secret key master");
    expect(existsSync(out)).toBe(false);

    expect(await seal("--make-seal-key")).toMatchObject({ code: 0, stderr: "" });
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const file = JSON.parse(readFileSync(out, "utf8"));
    expect(file).toMatchObject({ version: 1, network: "testnet", epoch: 1, wrapped_by: "pkcs11" });
    expect(Buffer.from(file.sealed, "base64url")).toHaveLength(12 + 32 + 16);

    const checked = await runCli(["config", "check", "--config", config], env);
    expect(checked).toMatchObject({ code: 0 });
    expect(checked.stdout).toContain(out);
    expect(checked.stdout).not.toContain(env.SEAL);

    writeFileSync(out, JSON.stringify({ ...file, epoch: 2 }));
    const refused = await runCli(["config", "check", "--config", config], env);
    expect(refused.stderr).toContain("was sealed for testnet epoch 2");
  });
});
