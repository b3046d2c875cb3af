import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { verifySignature } from "@countersign/near/verify";
import type { Backend } from "@countersign/signer-service/backends/backend.ts";
import { crc32c } from "@countersign/signer-service/backends/gcp-kms/crc32c.ts";
import { openGcpKmsBackend } from "@countersign/signer-service/backends/gcp-kms/gcp-kms-backend.ts";
import { gcpKmsSchema } from "@countersign/signer-service/backends/gcp-kms/gcp-kms-schema.ts";
import { expect, onTestFinished, test, vi } from "vitest";
import { temporaryDirectory } from "../support/temporary-directory.ts";
import { ed25519Key, nearPublicKeyOf, p256Key, secp256k1Key } from "./cloud-keys.ts";
import { FakeGcpKms, GCP_STATES, gcpError } from "./fake-gcp-kms.ts";
import type { Fault } from "./local-server.ts";
import { signsForNear } from "./verified-signature.ts";

async function backendOf(kms: FakeGcpKms, overrides: object = {}, json = kms.credentials): Promise<Backend> {
  const config = gcpKmsSchema({ GCP: json }).parse({
    type: "gcp-kms",
    name: "gcp",
    endpoint: kms.server.origin,
    credentials: "env:GCP",
    ...overrides,
  });
  const backend = await openGcpKmsBackend(config);
  onTestFinished(() => backend.close());
  return backend;
}

/** An answer with some of its fields replaced. */
function changed(fields: object): Fault {
  return (answer) => ({ ...answer, body: JSON.stringify({ ...JSON.parse(`${answer.body}`), ...fields }) });
}

test.each([["ed25519", ed25519Key] as const, ["secp256k1", secp256k1Key] as const])(
  "%s: a key's signatures verify, whatever form their s has",
  async (_, make) => {
    const kms = await FakeGcpKms.start();
    const { name, key } = kms.add(make());
    const opened = await (await backendOf(kms)).open(name);

    expect(await opened.publicKey()).toEqual(nearPublicKeyOf(key));
    for (let i = 0; i < 8; i += 1) expect(await signsForNear(opened)).toBe(true);
    expect(opened.describe()).toBe(`gcp-kms ${name}`);
  },
);

test("the service account signs its own tokens: nothing is asked of the address that its file names", async () => {
  const kms = await FakeGcpKms.start();
  await (await backendOf(kms)).open(kms.add(ed25519Key()).name);
  expect(kms.server.requests.map(({ target }) => target.split("?")[0])).toEqual([
    expect.stringMatching(/^\/v1\/projects\/.*cryptoKeyVersions\/1$/),
    expect.stringMatching(/cryptoKeyVersions\/1\/publicKey$/),
  ]);
});

test.each([
  ["names another version", { name: "projects/x" }, "has signed with another key version"],
  ["has a wrong checksum", { signatureCrc32c: "1" }, "was damaged on its way"],
  ["has no checksum", { signatureCrc32c: undefined }, "was damaged on its way"],
  ["has another signature than its checksum", { signature: "AAAA" }, "was damaged on its way"],
  ["has not verified the data", { verifiedDataCrc32c: false }, "has not verified the checksum"],
])("an answer that %s is refused", async (_, fields, message) => {
  const kms = await FakeGcpKms.start();
  const key = await (await backendOf(kms)).open(kms.add(ed25519Key()).name);
  kms.server.spoil(changed(fields));
  const failure = await key.sign(randomBytes(32)).catch((error: Error) => error);
  expect(failure).toMatchObject({ reason: ErrorReason.SIGNER_SELF_CHECK_FAILED });
  expect((failure as Error).message).toContain(message);
});

test("another key's secp256k1 signature is refused; an Ed25519 one does not verify", async () => {
  const kms = await FakeGcpKms.start();
  const backend = await backendOf(kms);
  const hash = randomBytes(32);
  const signedBy = (signature: Buffer) =>
    changed({ signature: signature.toString("base64"), signatureCrc32c: `${crc32c(signature)}` });

  const ecdsa = await backend.open(kms.add(secp256k1Key()).name);
  kms.server.spoil(signedBy(secp256k1Key().sign(hash)));
  await expect(ecdsa.sign(hash)).rejects.toMatchObject({ reason: ErrorReason.SIGNER_SELF_CHECK_FAILED });

  const eddsa = await backend.open(kms.add(ed25519Key()).name);
  kms.server.spoil(signedBy(ed25519Key().sign(hash)));
  const signature = { type: "ed25519", data: await eddsa.sign(hash) } as const;
  expect(verifySignature(await eddsa.publicKey(), hash, signature)).toBe(false);
});

test("a damaged public key does not open, and a whole one does the next time", async () => {
  const kms = await FakeGcpKms.start();
  const { name } = kms.add(ed25519Key());
  const backend = await backendOf(kms);
  kms.server.spoil((answer) => answer, changed({ pemCrc32c: "1" }));
  await expect(backend.open(name)).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    message: "the public key of Google Cloud KMS was damaged on its way",
  });
  expect(await signsForNear(await backend.open(name))).toBe(true);
});

test.each([
  ["DISABLED", GCP_STATES.DISABLED],
  ["DESTROYED", GCP_STATES.DESTROYED],
])("a key version in state %s neither opens, nor passes the check, nor signs", async (state, value) => {
  const kms = await FakeGcpKms.start();
  const held = kms.add(ed25519Key());
  const backend = await backendOf(kms);
  const key = await backend.open(held.name);
  await backend.check(AbortSignal.timeout(5_000));
  held.state = value;

  await expect(backend.open(held.name)).rejects.toThrow(`is not enabled: its state is ${state}`);
  await expect(backend.check(AbortSignal.timeout(5_000))).rejects.toThrow(`its state is ${state}`);
  await expect(key.sign(randomBytes(32))).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    message: "Google Cloud KMS does not let the key version sign in its present state",
  });
});

test("a key of a curve that NEAR does not know does not open", async () => {
  const kms = await FakeGcpKms.start();
  const { name } = kms.add(p256Key());
  await expect((await backendOf(kms)).open(name)).rejects.toThrow(
    "is EC_SIGN_P256_SHA256, neither Ed25519 nor secp256k1",
  );
});

test.each([
  "relayer-1",
  "projects/p/locations/l/keyRings/r/cryptoKeys/k",
  "projects/../../cryptoKeyVersions/1",
])("a key that is not named by its version does not open: %s", async (reference) => {
  const kms = await FakeGcpKms.start();
  await expect((await backendOf(kms)).open(reference)).rejects.toThrow("is named by its version");
  expect(kms.server.requests).toEqual([]);
});

test("failed and reset requests are repeated without anybody noticing", async () => {
  const kms = await FakeGcpKms.start();
  const key = await (await backendOf(kms)).open(kms.add(ed25519Key()).name);
  kms.server.spoil(gcpError(503, "UNAVAILABLE", "try again"), "reset");
  expect(await signsForNear(key)).toBe(true);
});

test.each<[string, Fault, string]>([
  ["throttles", gcpError(429, "RESOURCE_EXHAUSTED", "quota"), "Google Cloud KMS is throttling"],
  [
    "denies access",
    gcpError(403, "PERMISSION_DENIED", "no"),
    "Google Cloud KMS denies access: the role of the signer's service account has to be mended",
  ],
  ["fails within", gcpError(500, "INTERNAL", ""), "Google Cloud KMS gave no usable answer"],
  [
    "answers with what is not JSON",
    { status: 200, body: "<html>" },
    "Google Cloud KMS gave no usable answer",
  ],
  [
    "answers with 1 MiB",
    { status: 200, body: `{"name":"${"x".repeat(1 << 20)}"}` },
    "Google Cloud KMS gave no usable answer",
  ],
])("a service that %s is unavailable", async (_, fault, message) => {
  const kms = await FakeGcpKms.start();
  const key = await (await backendOf(kms, { timeout_ms: 2_000 })).open(kms.add(ed25519Key()).name);
  // More often than two seconds let it be repeated.
  kms.server.spoil(...Array.from({ length: 20 }, () => fault));
  await expect(key.sign(randomBytes(32))).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    message,
  });
});

test.each<[string, Fault]>([
  ["does not answer within the configured time", "hang"],
  ["answers with half of it again and again", "cut"],
])("a service that %s is unavailable", async (_, fault) => {
  const kms = await FakeGcpKms.start();
  const key = await (await backendOf(kms, { timeout_ms: 2_000 })).open(kms.add(ed25519Key()).name);
  kms.server.spoil(...Array.from({ length: 20 }, () => fault));
  await expect(key.sign(randomBytes(32))).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
  });
});

test("a service that is not there is unavailable, and the log's cause holds no credentials", async () => {
  const kms = await FakeGcpKms.start();
  const key = await (await backendOf(kms, { timeout_ms: 2_000 })).open(kms.add(ed25519Key()).name);
  await kms.server.stop();
  const failure = await key.sign(randomBytes(32)).catch((error: Error) => error);
  expect(failure).toMatchObject({ reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE });
  expect(Object.keys((failure as Error).cause as Error)).toEqual([]);
  expect(((failure as Error).cause as Error).message).not.toContain("Bearer");
});

test("credentials of another account are told apart", async () => {
  const kms = await FakeGcpKms.start();
  const backend = await backendOf(kms, {}, (await FakeGcpKms.start()).credentials);
  await expect(backend.open(kms.add(ed25519Key()).name)).rejects.toThrow(
    "Google Cloud KMS does not take the signer's credentials",
  );
});

test.each(["{", "{}", '{"type":"external_account"}', "s3cret"])(
  "credentials that are not a service account's key are refused and not quoted: %s",
  async (json) => {
    const kms = await FakeGcpKms.start();
    const failure = await backendOf(kms, {}, json).catch((error: Error) => error);
    expect((failure as Error).message).toBe(
      "the credentials of Google Cloud are not the JSON key of a service account",
    );
    expect((failure as Error).cause).toBeUndefined();
  },
);

test("without credentials of its own the backend looks for default ones, each time anew until there are some", async () => {
  const kms = await FakeGcpKms.start();
  const { name } = kms.add(ed25519Key());
  const file = join(temporaryDirectory(), "adc.json");
  vi.stubEnv("GOOGLE_APPLICATION_CREDENTIALS", file);
  onTestFinished(() => void vi.unstubAllEnvs());
  const backend = await backendOf(kms, { credentials: undefined });
  await expect(backend.open(name)).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
  });
  expect(kms.server.requests).toEqual([]);

  await writeFile(file, kms.credentials);
  expect(await signsForNear(await backend.open(name))).toBe(true);
});

test("a key version that is not there does not open", async () => {
  const kms = await FakeGcpKms.start();
  const name = kms.add(ed25519Key()).name.replace("relayer-1", "relayer-9");
  await expect((await backendOf(kms)).open(name)).rejects.toThrow(
    "relayer-9/cryptoKeyVersions/1 does not exist",
  );
});
