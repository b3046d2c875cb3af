import { createHash } from "node:crypto";
import { openAwsKmsBackend } from "@countersign/signer-service/backends/aws-kms/aws-kms-backend.ts";
import { awsKmsSchema } from "@countersign/signer-service/backends/aws-kms/aws-kms-schema.ts";
import type { Backend } from "@countersign/signer-service/backends/backend.ts";
import { BackendError } from "@countersign/signer-service/backends/backend-failure.ts";
import {
  type ConfiguredPlace,
  doctorMessage,
  examinePlaces,
} from "@countersign/signer-service/backends/doctor.ts";
import { openVaultBackend } from "@countersign/signer-service/backends/vault/vault-backend.ts";
import { vaultSchema } from "@countersign/signer-service/backends/vault/vault-schema.ts";
import { doctorCommand } from "@countersign/signer-service/commands/doctor.ts";
import { expect, test, vi } from "vitest";
import { ed25519Key, nearPublicKeyOf, secp256k1Key } from "./cloud-keys.ts";
import { AWS_REGION, FakeAwsKms } from "./fake-aws-kms.ts";
import { FakeVault } from "./fake-vault.ts";
import type { Fault } from "./local-server.ts";

/** Each call gives other bytes, and the clock goes on by one millisecond more each time that it is read. */
function doctorTools() {
  let calls = 0;
  let time = 0;
  let step = 0;
  return {
    randomBytes(size: number) {
      calls += 1;
      return new Uint8Array(size).fill(calls);
    },
    now() {
      time += step;
      step += 1;
      return time;
    },
  };
}

async function vaultPlace(vault: FakeVault, ...references: string[]): Promise<ConfiguredPlace> {
  vault.tokens.add("hvs.token");
  const config = vaultSchema({ T: "hvs.token" }).parse({
    type: "vault",
    name: "vault-1",
    endpoint: vault.server.origin,
    token: "env:T",
    mount: "team-a/transit",
    namespace: "finance",
  });
  const keys = references.map((reference) => ({ keyId: reference, reference }));
  return { name: "vault-1", open: () => openVaultBackend(config), keys };
}

async function awsPlace(kms: FakeAwsKms, ...references: string[]): Promise<ConfiguredPlace> {
  const config = awsKmsSchema({ ID: kms.accessKey.id, SECRET: kms.accessKey.secret }).parse({
    type: "aws-kms",
    name: "aws",
    region: AWS_REGION,
    endpoint: kms.server.origin,
    credentials: { access_key_id: "env:ID", secret_access_key: "env:SECRET" },
  });
  const keys = references.map((reference, i) => ({ keyId: `relayer-${i + 1}`, reference }));
  return { name: "aws", open: () => openAwsKmsBackend(config), keys };
}

test("healthy backends have their keys, verified signatures and latencies shown", async () => {
  const kms = await FakeAwsKms.start();
  const held = kms.add(secp256k1Key());
  const vault = await FakeVault.start();
  vault.rotate("relayer-2", ed25519Key());

  const places = [await awsPlace(kms, held.arn), await vaultPlace(vault, "relayer-2")];
  const findings = await examinePlaces(places, doctorTools());

  expect(findings).toMatchObject([
    {
      backend: "aws",
      place: `aws-kms in ${AWS_REGION}`,
      problem: null,
      keys: [{ keyId: "relayer-1", problem: null }],
    },
    { backend: "vault-1", problem: null, keys: [{ keyId: "relayer-2", problem: null }] },
  ]);
  expect(findings[0]?.keys[0]?.publicKey).toMatch(/^secp256k1:/);
});

test("p50 and p95 are the 10th and the 19th of 20 latencies, without the first signature's", async () => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const [found] = await examinePlaces([await vaultPlace(vault, "relayer-1")], doctorTools());
  // The clock's steps between start and end are 1 ms for the first signature, then 3, 5, … 41 ms.
  expect(found?.keys[0]).toMatchObject({ p50Ms: 21, p95Ms: 39 });
});

test("what is signed is the hash of a text that is no transaction, and other bytes each time", async () => {
  const vault = await FakeVault.start();
  const held = ed25519Key();
  vault.rotate("relayer-1", held);
  await examinePlaces([await vaultPlace(vault, "relayer-1")], doctorTools());

  const signed = vault.server.requests
    .filter(({ target }) => target.includes("/sign/"))
    .map(({ body }) => JSON.parse(body.toString()).input as string);
  const expected = Array.from({ length: 21 }, (_, i) =>
    createHash("sha256")
      .update("countersign doctor v1\0")
      .update(Buffer.alloc(32, i + 1))
      .digest("base64"),
  );
  expect(signed).toEqual(expected);
  // Read as borsh, the text would begin with an account id of 1.8 thousand million bytes.
  expect(Buffer.from("countersign doctor v1\0").readUInt32LE(0)).toBe(1_853_189_987);
});

test("one backend and one key that fail do not hide the others", async () => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const broken: ConfiguredPlace = {
    name: "hsm-1",
    keys: [],
    open: () => Promise.reject(new BackendError("the library does not load")),
  };
  const places = [broken, await vaultPlace(vault, "relayer-9", "relayer-1")];
  expect(await examinePlaces(places, doctorTools())).toMatchObject([
    { backend: "hsm-1", place: null, problem: "the library does not load", keys: [] },
    {
      backend: "vault-1",
      problem: null,
      keys: [
        { keyId: "relayer-9", publicKey: null, problem: "key relayer-9 of vault-1 does not exist" },
        { keyId: "relayer-1", problem: null },
      ],
    },
  ]);
});

test("a backend whose signatures do not verify is found out", async () => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const place = await vaultPlace(vault, "relayer-1");
  const foreign = `vault:v1:${ed25519Key()
    .sign(doctorMessage(new Uint8Array(32)))
    .toString("base64")}`;
  vault.server.spoil(
    (answer) => answer,
    (answer) => ({ ...answer, body: JSON.stringify({ data: { signature: foreign } }) }),
  );
  const [found] = await examinePlaces([place], doctorTools());
  expect(found?.keys[0]).toMatchObject({ publicKey: null, problem: "the signature does not verify" });
});

test("keys that a place knows of itself are examined, and the place is closed", async () => {
  const held = ed25519Key();
  const close = vi.fn(async () => undefined);
  const key = {
    describe: () => "memory",
    publicKey: async () => nearPublicKeyOf(held),
    sign: async (hash: Uint8Array) => new Uint8Array(held.sign(hash)),
  };
  const backend: Backend = {
    name: "memory",
    describe: () => "memory",
    heldKeys: async () => [
      { keyId: "relayer-1", network: "testnet", accountId: "relay.testnet", backend: key },
    ],
    open: async () => key,
    check: async () => undefined,
    close,
  };
  const place = { name: "memory", keys: [], open: async () => backend };
  expect(await examinePlaces([place], doctorTools())).toMatchObject([
    { problem: null, keys: [{ keyId: "relayer-1", problem: null }] },
  ]);
  expect(close).toHaveBeenCalledOnce();
});

test("a place that cannot be closed is a problem, and hides nothing of the others", async () => {
  const place = (name: string, close: () => Promise<void>): ConfiguredPlace => ({
    name,
    keys: [],
    open: async () => ({
      name,
      describe: () => name,
      open: () => Promise.reject(new Error("no keys")),
      check: async () => undefined,
      close,
    }),
  });
  const places = [
    place("a", () => Promise.reject(new Error("the session is gone"))),
    place("b", async () => undefined),
  ];
  expect(await examinePlaces(places, doctorTools())).toMatchObject([
    { backend: "a", problem: "could not be closed: the session is gone" },
    { backend: "b", problem: null },
  ]);
});

const whole: Fault = (answer) => answer;

test("a place that signs but does not pass its check is a problem of the place", async () => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const place = await vaultPlace(vault, "relayer-1");
  vault.server.spoil(...Array.from({ length: 22 }, () => whole), { status: 501, body: "" });
  expect(await examinePlaces([place], doctorTools())).toMatchObject([
    { problem: "Vault gave no usable answer (Error: HTTP status 501)", keys: [{ problem: null }] },
  ]);
});

async function runDoctor(places: readonly ConfiguredPlace[], ...options: string[]) {
  const printed: string[] = [];
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((text) => printed.push(String(text)) > 0);
  try {
    await doctorCommand((file) => (file === "signer.yaml" ? places : [])).parseAsync(
      ["--config", "signer.yaml", ...options],
      { from: "user" },
    );
    return { output: printed.join(""), failure: null };
  } catch (error) {
    return { output: printed.join(""), failure: (error as Error).message };
  } finally {
    spy.mockRestore();
  }
}

test("the command prints a table and succeeds when all is well", async () => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const { output, failure } = await runDoctor([await vaultPlace(vault, "relayer-1")]);
  expect(failure).toBeNull();
  const lines = output.split("\n");
  expect(lines[0]).toMatch(/^BACKEND, KEY {2}PLACE, PUBLIC KEY +P50 +P95 +RESULT$/);
  expect(lines[1]).toMatch(/^vault-1 +vault at http:.*\/v1\/team-a\/transit +- +- +ok$/);
  expect(lines[2]).toMatch(/^ {2}relayer-1 +ed25519:\w+ +[\d.]+ ms +[\d.]+ ms +ok$/);
});

test("the command prints JSON, fails when one key fails, and shows no token", async () => {
  const vault = await FakeVault.start();
  vault.rotate("relayer-1", ed25519Key());
  const { output, failure } = await runDoctor([await vaultPlace(vault, "relayer-1", "relayer-9")], "--json");
  expect(failure).toBe("1 of the backends and keys failed");
  expect(JSON.parse(output)).toMatchObject({
    ok: false,
    backends: [
      { backend: "vault-1", keys: [{ key_id: "relayer-1", problem: null }, { key_id: "relayer-9" }] },
    ],
  });
  expect(output).not.toContain("hvs.token");
});
