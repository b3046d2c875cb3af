import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signerStoreOver } from "@countersign/signer-service/store/signer-store.ts";
import { SIGNER_STORE } from "@countersign/signer-service/store/store-kind.ts";
import { openEngine } from "@countersign/sql";
import { expect, it, onTestFinished } from "vitest";
import { type CliResult, runCli } from "../support/signer-cli.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { activeKeys, request, signed } from "./builders.ts";
import { at } from "./stores.ts";

/** A configuration of a signer with its store in the directory. */
function configIn(directory: string): { config: string; path: string } {
  const config = join(directory, "signer.yaml");
  const path = join(directory, "signer.db");
  const lines = [
    "audience: signer-1",
    `listen: { unix: ${join(directory, "s.sock")} }`,
    `store: { url: "sqlite:${path}" }`,
    "grants: { required: false }",
    `backends: [{ name: keystore, type: keystore, file: ${join(directory, "k.json")}, passphrase: env:PASSPHRASE }]`,
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  return { config, path };
}

/** These commands ask for no keystore; the configuration is read as a whole. */
function signer(...args: string[]): Promise<CliResult> {
  return runCli(args, { PASSPHRASE: "unused" });
}

/** A signer's store that is open, as while the signer runs, with one signed entry. */
async function runningStore(path: string) {
  const store = signerStoreOver(await openEngine(`sqlite:${path}`, SIGNER_STORE), { now: () => at(0) });
  onTestFinished(() => store.close());
  const [key] = await activeKeys(store, "a");
  const asked = request(key, 101n, "x");
  await store.journal.reserve([asked]);
  await store.journal.record([signed(key, asked)]);
  return store;
}

it("a running signer's journal is exported, verified, and imported into a new store once", async () => {
  const directory = temporaryDirectory();
  const { config, path } = configIn(directory);
  await runningStore(path);
  const file = join(directory, "journal.jsonl");
  const exported = await signer("journal", "export", "--config", config, "--out", file);
  expect(exported).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await signer("journal", "verify", file)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ok: 1 entries of 1 keys; the last one's hash is [0-9a-f]{64}\n$/),
  });
  const again = await signer("journal", "export", "--config", config, "--out", file);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining("EEXIST") });

  const restored = configIn(temporaryDirectory());
  const take = () => signer("journal", "import", "--config", restored.config, file);
  expect(await take()).toMatchObject({ code: 0, stdout: expect.stringContaining("imported 1 entries") });
  expect(await take()).toMatchObject({ code: 1, stderr: expect.stringContaining("not empty") });
  const { stdout } = await signer("journal", "export", "--config", restored.config);
  expect(stdout.split("\n").slice(1, 3)).toEqual(readFileSync(file, "utf8").split("\n").slice(1, 3));
});

it("an altered export is refused with the line that is altered", async () => {
  const directory = temporaryDirectory();
  const { config, path } = configIn(directory);
  await runningStore(path);
  const { stdout } = await signer("journal", "export", "--config", config);
  const file = join(directory, "altered.jsonl");
  writeFileSync(file, stdout.replace('"nonce":"101"', '"nonce":"102"'));
  expect(await signer("journal", "verify", file)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("line 3: entry 1 is altered"),
  });
  const json = await signer("journal", "verify", "--json", file);
  expect([json.code, JSON.parse(json.stdout)]).toMatchObject([1, { ok: false, line: 3 }]);
});

it("a running signer's audit is exported and verified", async () => {
  const directory = temporaryDirectory();
  const { config, path } = configIn(directory);
  await runningStore(path);
  const file = join(directory, "audit.jsonl");
  await signer("audit", "export", "--config", config, "--out", file);
  const verified = await signer("audit", "verify", "--json", file);
  expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, entries: "2" });
  writeFileSync(file, readFileSync(file, "utf8").replace("key entered", "key removed"));
  expect(await signer("audit", "verify", file)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("line 2: entry 1 is altered"),
  });
});

it("a backup of a running signer's store holds its journal", async () => {
  const directory = temporaryDirectory();
  const { config, path } = configIn(directory);
  await runningStore(path);
  const { path: copy, config: copied } = configIn(temporaryDirectory());
  const backup = await signer("journal", "backup", "--config", config, "--out", copy);
  expect(backup).toMatchObject({ code: 0, stderr: "" });
  const { stdout } = await signer("journal", "export", "--config", copied);
  expect(stdout.split("\n").filter((line) => line.includes('"type":"entry"'))).toHaveLength(1);
});
