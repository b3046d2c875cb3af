import { randomBytes } from "node:crypto";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { verifySignature } from "@countersign/near/verify";
import type { Backend } from "@countersign/signer-service/backends/backend.ts";
import { openVaultBackend } from "@countersign/signer-service/backends/vault/vault-backend.ts";
import { vaultSchema } from "@countersign/signer-service/backends/vault/vault-schema.ts";
import { expect, onTestFinished, test } from "vitest";
import { makeDevCerts } from "../../../scripts/dev-certs.ts";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { ed25519Key, nearPublicKeyOf } from "./cloud-keys.ts";
import { FakeVault } from "./fake-vault.ts";
import type { Fault } from "./local-server.ts";
import { signsForNear } from "./verified-signature.ts";

const TOKEN = "hvs.first";

async function backendOf(vault: FakeVault, overrides: object = {}): Promise<Backend> {
  vault.tokens.add(TOKEN);
  const config = vaultSchema({ VAULT_TOKEN: TOKEN }).parse({
    type: "vault",
    name: "vault-1",
    endpoint: vault.server.origin,
    token: "env:VAULT_TOKEN",
    mount: "team-a/transit",
    namespace: "finance",
    ...overrides,
  });
  const backend = await openVaultBackend(config);
  onTestFinished(() => backend.close());
  return backend;
}

function tokenFile(token: string): string {
  const path = join(temporaryDirectory(), "token");
  writeFileSync(path, token, { mode: 0o600 });
  return path;
}

/** An answer whose signature is replaced. */
function signedWith(signature: string): Fault {
  return (answer) => ({ ...answer, body: JSON.stringify({ data: { signature } }) });
}

test("a key's signatures verify", async () => {
  const vault = await FakeVault.start();
  const held = ed25519Key();
  vault.rotate("relayer-1", held);
  const key = await (await backendOf(vault)).open("relayer-1");

  expect(await key.publicKey()).toEqual(nearPublicKeyOf(held));
  for (let i = 0; i < 4; i += 1) expect(await signsForNear(key)).toBe(true);
  expect(key.describe()).toBe("vault relayer-1@1");
});

test("a key that is rotated in Vault goes on signing with the version that was opened", async () => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const backend = await backendOf(vault);
  const key = await backend.open("relayer-1");
  const next = ed25519Key();
  vault.rotate("relayer-1", next);

  expect(await signsForNear(key)).toBe(true);
  expect(await (await backend.open("relayer-1")).publicKey()).toEqual(nearPublicKeyOf(next));
  expect(await (await backend.open("relayer-1@1")).publicKey()).toEqual(await key.publicKey());
  await expect(backend.open("relayer-1@3")).rejects.toThrow("key relayer-1 of vault-1 has no version 3");
});

test("a token in a file that was replaced is read again when the old one is refused", async () => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const file = tokenFile(TOKEN);
  const key = await (await backendOf(vault, { token: `file:${file}` })).open("relayer-1");
  vault.tokens.clear();
  vault.tokens.add("hvs.second");
  writeFileSync(file, "hvs.second");

  // All of these go out with the old token, and the first that is refused reads the new one for all.
  const signed = await Promise.all(Array.from({ length: 8 }, () => signsForNear(key)));
  expect(signed).toEqual(Array.from({ length: 8 }, () => true));
});

test.each<[string, (file: string) => void]>([
  ["is still the old one", () => undefined],
  ["is open to everybody", (file) => chmodSync(file, 0o644)],
  ["is empty", (file) => writeFileSync(file, "")],
])("a refused token whose file %s is not tried twice", async (_, change) => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const file = tokenFile(TOKEN);
  const key = await (await backendOf(vault, { token: `file:${file}` })).open("relayer-1");
  vault.tokens.clear();
  change(file);
  const asked = vault.server.requests.length;

  await expect(key.sign(randomBytes(32))).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    message: "Vault denies access: the token has expired, or its policy has to be mended",
  });
  expect(vault.server.requests).toHaveLength(asked + 1);
});

test("the signature of another version is refused, and one of another key does not verify", async () => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const key = await (await backendOf(vault)).open("relayer-1");
  const hash = randomBytes(32);
  const foreign = ed25519Key().sign(hash).toString("base64");

  for (const text of [`vault:v2:${foreign}`, `vault:v11:${foreign}`, foreign, "vault:v1:AAAA", "vault:v1:"]) {
    vault.server.spoil(signedWith(text));
    await expect(key.sign(hash)).rejects.toMatchObject({ reason: ErrorReason.SIGNER_SELF_CHECK_FAILED });
  }
  vault.server.spoil(signedWith(`vault:v1:${foreign}`));
  const signature = { type: "ed25519", data: await key.sign(hash) } as const;
  expect(verifySignature(await key.publicKey(), hash, signature)).toBe(false);
});

test.each([
  ["of another type", { type: "ecdsa-p256" }, "is of type ecdsa-p256, not ed25519"],
  ["derived", { derived: true }, "is derived: it has a public key for each context"],
  ["deleted", { soft_deleted: true }, "is deleted and waits for its removal"],
  ["without a public half", { keys: { 1: 1_700_000_000 } }, "has no version 1"],
  ["with a public half of 31 bytes", { keys: { 1: { public_key: "A".repeat(42) } } }, "has no version 1"],
])("a key that is %s does not open", async (_, facts, message) => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  vault.facts = facts;
  await expect((await backendOf(vault)).open("relayer-1")).rejects.toThrow(message);
});

test.each(["", "../sys/seal", "a/b", "relayer-1@0", "relayer-1@", "a b", "x".repeat(129)])(
  "what is no key's name is not sent: %j",
  async (reference) => {
    const vault = await FakeVault.start();
    await expect((await backendOf(vault)).open(reference)).rejects.toThrow("is named like relayer-1");
    expect(vault.server.requests).toEqual([]);
  },
);

test.each<[string, Fault, string]>([
  ["throttles", { status: 429, body: "" }, "Vault is throttling"],
  ["fails within", { status: 500, body: '{"errors":["internal error"]}' }, "Vault gave no usable answer"],
  [
    "sends elsewhere",
    { status: 307, headers: { location: "http://127.0.0.1:1/" }, body: "" },
    "Vault gave no usable answer",
  ],
  [
    "does not let the version sign",
    { status: 400, body: '{"errors":["too old"]}' },
    "Vault does not take the request: the key or its version may not be for signing",
  ],
  ["answers with what is not JSON", { status: 200, body: "<html>" }, "Vault gave no usable answer"],
  [
    "answers with JSON of another shape",
    { status: 200, body: '{"data":{"signature":[1]}}' },
    "Vault gave no usable answer",
  ],
  [
    "answers with 1 MiB",
    { status: 200, body: `{"data":{"signature":"${"x".repeat(1 << 20)}"}}` },
    "Vault gave no usable answer",
  ],
  ["answers with half of it", "cut", "Vault gave no usable answer"],
  ["closes the connection", "reset", "Vault gave no usable answer"],
  ["does not answer within the configured time", "hang", "Vault gave no usable answer"],
])("a server that %s is unavailable, until it answers again", async (_, fault, message) => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const key = await (await backendOf(vault, { timeout_ms: 2_000 })).open("relayer-1");
  vault.server.spoil(fault);
  await expect(key.sign(randomBytes(32))).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    message,
  });
  expect(await signsForNear(key)).toBe(true);
});

test("a sealed server is unavailable, and the check says so without a token", async () => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const backend = await backendOf(vault);
  const key = await backend.open("relayer-1");
  await backend.check(AbortSignal.timeout(5_000));
  vault.sealed = true;

  await expect(key.sign(randomBytes(32))).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    message: "Vault is sealed or being maintained",
  });
  await expect(backend.check(AbortSignal.timeout(5_000))).rejects.toThrow("Vault is sealed");
  expect(vault.server.requests.at(-1)?.headers["x-vault-token"]).toBeUndefined();
});

test("over TLS only a server of the configured authority is spoken to", async () => {
  const certs = makeDevCerts(temporaryDirectory());
  const pem = (path: string) => readFileSync(path, "utf8");
  const vault = await FakeVault.start({ cert: pem(certs.serverCert), key: pem(certs.serverKey) });
  vault.rotate("relayer-1", ed25519Key());

  const trusting = await backendOf(vault, { ca_file: certs.ca });
  expect(await signsForNear(await trusting.open("relayer-1"))).toBe(true);
  const asked = vault.server.requests.length;
  await expect((await backendOf(vault)).open("relayer-1")).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
  });
  expect(vault.server.requests).toHaveLength(asked);
});

test("a file of authorities that is not there is named", async () => {
  const vault = await FakeVault.start();
  await expect(backendOf(vault, { ca_file: "/no/such/ca.pem" })).rejects.toThrow(
    "ca_file of vault-1 cannot be read: /no/such/ca.pem",
  );
});

test.each([
  "http://vault.example:8200",
  "https://vault.example/v1",
  "https://u:p@vault.example",
  "vault:8200",
  "",
])("an endpoint that is not https, or more than an address, is refused: %j", (endpoint) => {
  const config = { type: "vault", name: "v", endpoint, token: "env:T" };
  expect(vaultSchema({ T: "t" }).safeParse(config).success).toBe(false);
  expect(vaultSchema({ T: "t" }).safeParse({ ...config, endpoint: "https://v.example:8200" }).success).toBe(
    true,
  );
});

test("a key that is not there does not open", async () => {
  const vault = await FakeVault.start();
  await expect((await backendOf(vault)).open("relayer-9")).rejects.toThrow(
    "key relayer-9 of vault-1 does not exist",
  );
});
