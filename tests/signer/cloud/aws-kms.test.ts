import { randomBytes } from "node:crypto";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { verifySignature } from "@countersign/near/verify";
import { openAwsKmsBackend } from "@countersign/signer-service/backends/aws-kms/aws-kms-backend.ts";
import { awsKmsSchema } from "@countersign/signer-service/backends/aws-kms/aws-kms-schema.ts";
import type { Backend } from "@countersign/signer-service/backends/backend.ts";
import { BackendError } from "@countersign/signer-service/backends/backend-failure.ts";
import { expect, onTestFinished, test, vi } from "vitest";
import type { AwsAccessKey } from "./aws-request-signature.ts";
import { ed25519Key, nearPublicKeyOf, p256Key, secp256k1Key, spkiOf } from "./cloud-keys.ts";
import { AWS_REGION, awsError, FakeAwsKms } from "./fake-aws-kms.ts";
import { type Fault, LocalServer } from "./local-server.ts";
import { signsForNear } from "./verified-signature.ts";

async function backendOf(kms: FakeAwsKms, overrides: object = {}): Promise<Backend> {
  const config = awsKmsSchema({ AWS_ID: kms.accessKey.id, AWS_SECRET: kms.accessKey.secret }).parse({
    type: "aws-kms",
    name: "aws",
    region: AWS_REGION,
    endpoint: kms.server.origin,
    credentials: { access_key_id: "env:AWS_ID", secret_access_key: "env:AWS_SECRET" },
    ...overrides,
  });
  const backend = await openAwsKmsBackend(config);
  onTestFinished(() => backend.close());
  return backend;
}

test.each([["ed25519", ed25519Key] as const, ["secp256k1", secp256k1Key] as const])(
  "%s: a key's signatures verify, whatever form their s has",
  async (_, make) => {
    const kms = await FakeAwsKms.start();
    const { arn, key } = kms.add(make());
    const opened = await (await backendOf(kms)).open(arn);

    expect(await opened.publicKey()).toEqual(nearPublicKeyOf(key));
    for (let i = 0; i < 8; i += 1) expect(await signsForNear(opened)).toBe(true);
    expect(opened.describe()).toBe(`aws-kms ${arn}`);
  },
);

test("a key whose public half is of another curve than its spec is a mistake of its own, not a place away", async () => {
  const kms = await FakeAwsKms.start();
  const { arn } = kms.add(ed25519Key());
  const backend = await backendOf(kms);
  const PublicKey = spkiOf(p256Key()).toString("base64");
  kms.server.spoil(
    (answer) => answer,
    (answer) => ({ ...answer, body: JSON.stringify({ KeyId: arn, PublicKey }) }),
  );
  await expect(backend.open(arn)).rejects.toThrow(BackendError);
});

test("a key is found by its id and by an alias, and its public key is read once", async () => {
  const kms = await FakeAwsKms.start();
  const { arn, key } = kms.add(ed25519Key(), "alias/relayer-1");
  const backend = await backendOf(kms);

  const byId = await backend.open(arn.split("/")[1] ?? "");
  const byAlias = await backend.open("alias/relayer-1");
  const asked = kms.server.requests.length;
  expect(await byId.publicKey()).toEqual(nearPublicKeyOf(key));
  expect(await byAlias.publicKey()).toEqual(nearPublicKeyOf(key));
  expect(kms.server.requests).toHaveLength(asked);
});

test("an alias that moves does not change what is signed with, and the check tells of it", async () => {
  const kms = await FakeAwsKms.start();
  kms.add(ed25519Key(), "alias/relayer-1");
  const backend = await backendOf(kms);
  const key = await backend.open("alias/relayer-1");
  await backend.check(AbortSignal.timeout(5_000));

  kms.aliases.set("alias/relayer-1", kms.add(ed25519Key()).arn);

  expect(await signsForNear(key)).toBe(true);
  await expect(backend.check(AbortSignal.timeout(5_000))).rejects.toThrow(
    "key alias/relayer-1 of aws now is another key",
  );
});

test("an answer that names another key is refused", async () => {
  const kms = await FakeAwsKms.start();
  const other = kms.add(ed25519Key());
  const key = await (await backendOf(kms)).open(kms.add(ed25519Key()).arn);
  kms.server.spoil((answer) => ({
    ...answer,
    body: JSON.stringify({ ...JSON.parse(`${answer.body}`), KeyId: other.arn }),
  }));

  await expect(key.sign(randomBytes(32))).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_SELF_CHECK_FAILED,
    message: "AWS KMS has signed with another key; nothing is released",
  });
});

test("another key's secp256k1 signature is refused; an Ed25519 one does not verify", async () => {
  const kms = await FakeAwsKms.start();
  const backend = await backendOf(kms);
  const hash = randomBytes(32);
  const signedBy =
    (signature: Buffer): Fault =>
    (answer) => ({
      ...answer,
      body: JSON.stringify({ ...JSON.parse(`${answer.body}`), Signature: signature.toString("base64") }),
    });
  const ecdsa = await backend.open(kms.add(secp256k1Key()).arn);
  kms.server.spoil(signedBy(secp256k1Key().sign(hash)));
  await expect(ecdsa.sign(hash)).rejects.toMatchObject({ reason: ErrorReason.SIGNER_SELF_CHECK_FAILED });

  const eddsa = await backend.open(kms.add(ed25519Key()).arn);
  kms.server.spoil(signedBy(ed25519Key().sign(hash)));
  const signature = { type: "ed25519", data: await eddsa.sign(hash) } as const;
  expect(verifySignature(await eddsa.publicKey(), hash, signature)).toBe(false);
});

test.each([
  ["disabled", { state: "Disabled" }, "is not enabled: its state is Disabled"],
  ["being deleted", { state: "PendingDeletion" }, "is not enabled: its state is PendingDeletion"],
  ["for agreeing on keys", { usage: "KEY_AGREEMENT" }, "is not for signing: its usage is KEY_AGREEMENT"],
])("a key that is %s does not open", async (_, facts, message) => {
  const kms = await FakeAwsKms.start();
  const held = Object.assign(kms.add(ed25519Key()), facts);
  await expect((await backendOf(kms)).open(held.arn)).rejects.toThrow(message);
});

test("a key of a curve that NEAR does not know does not open", async () => {
  const kms = await FakeAwsKms.start();
  const { arn } = kms.add(p256Key());
  await expect((await backendOf(kms)).open(arn)).rejects.toThrow(
    "is ECC_NIST_P256, neither Ed25519 nor secp256k1",
  );
});

test("a key that is disabled while it is open is unavailable, and the check says so", async () => {
  const kms = await FakeAwsKms.start();
  const held = kms.add(ed25519Key());
  const backend = await backendOf(kms);
  const key = await backend.open(held.arn);
  held.state = "Disabled";

  await expect(key.sign(randomBytes(32))).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    message: "AWS KMS has the key disabled",
  });
  await expect(backend.check(AbortSignal.timeout(5_000))).rejects.toThrow("its state is Disabled");
});

test("one throttled, one failed and one reset request are repeated without anybody noticing", async () => {
  const kms = await FakeAwsKms.start();
  const key = await (await backendOf(kms)).open(kms.add(ed25519Key()).arn);
  kms.server.spoil(
    awsError("ThrottlingException", "Rate exceeded"),
    awsError("KMSInternalException", "", 500),
  );
  expect(await signsForNear(key)).toBe(true);
  kms.server.spoil("reset");
  expect(await signsForNear(key)).toBe(true);
});

const throttled = awsError("ThrottlingException", "Rate exceeded");
const internal = awsError("KMSInternalException", "", 500);
test.each<[string, Fault[], string]>([
  ["throttles again and again", [throttled, throttled, throttled], "AWS KMS is throttling"],
  ["fails again and again", [internal, internal, internal], "AWS KMS gave no usable answer"],
  [
    "denies access",
    [awsError("AccessDeniedException", "")],
    "AWS KMS denies access: the signer's role or the key's policy has to be mended",
  ],
  ["answers with what is not JSON", [{ status: 200, body: "<html>" }], "AWS KMS gave no usable answer"],
  ["answers with half of it", ["cut", "cut", "cut"], "AWS KMS gave no usable answer"],
  [
    "answers with 1 MiB",
    [{ status: 200, body: `{"KeyId":"${"x".repeat(1 << 20)}"}` }],
    "AWS KMS gave no usable answer",
  ],
  [
    "answers with a page's error",
    [{ status: 403, body: "<html>proxy</html>" }],
    "AWS KMS gave no usable answer",
  ],
])("a service that %s is unavailable", async (_, faults, message) => {
  const kms = await FakeAwsKms.start();
  const key = await (await backendOf(kms)).open(kms.add(ed25519Key()).arn);
  kms.server.spoil(...faults);
  await expect(key.sign(randomBytes(32))).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
    message,
  });
  expect(await signsForNear(key)).toBe(true);
});

test("a service that does not answer within the configured time is unavailable", async () => {
  const kms = await FakeAwsKms.start();
  const key = await (await backendOf(kms, { timeout_ms: 2_000 })).open(kms.add(ed25519Key()).arn);
  kms.server.spoil("hang");
  await expect(key.sign(randomBytes(32))).rejects.toMatchObject({
    reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE,
  });
  expect(await signsForNear(key)).toBe(true);
});

test("a service that is not there is unavailable, and the log's cause holds no credentials", async () => {
  const kms = await FakeAwsKms.start();
  const key = await (await backendOf(kms)).open(kms.add(ed25519Key()).arn);
  await kms.server.stop();
  const failure = await key.sign(randomBytes(32)).catch((error: Error) => error);
  expect(failure).toMatchObject({ reason: ErrorReason.SIGNER_BACKEND_UNAVAILABLE });
  const cause = (failure as Error).cause as Error;
  expect(cause.message).toContain("ECONNREFUSED");
  expect(Object.keys(cause)).toEqual(["code"]);
});

test("a wrong secret key is told apart", async () => {
  const kms = await FakeAwsKms.start();
  const { arn } = kms.add(ed25519Key());
  const config = awsKmsSchema({ ID: kms.accessKey.id, SECRET: "another" }).parse({
    type: "aws-kms",
    name: "aws",
    region: AWS_REGION,
    endpoint: kms.server.origin,
    credentials: { access_key_id: "env:ID", secret_access_key: "env:SECRET" },
  });
  const backend = await openAwsKmsBackend(config);
  await expect(backend.open(arn)).rejects.toThrow(
    "AWS KMS does not take the signer's credentials, or the clock is wrong",
  );
  await backend.close();
});

test("a key that is not there does not open", async () => {
  const kms = await FakeAwsKms.start();
  await expect((await backendOf(kms)).open("alias/relayer-9")).rejects.toThrow(
    "key alias/relayer-9 of aws does not exist",
  );
});

/** The metadata service of a machine whose role has this access key (Amazon EC2 User Guide, "IMDSv2"). */
function metadataService({ id, secret }: AwsAccessKey): Promise<LocalServer> {
  const credentials = {
    Code: "Success",
    AccessKeyId: id,
    SecretAccessKey: secret,
    Token: "session",
    Expiration: "2099-01-01T00:00:00Z",
  };
  return LocalServer.start(({ target }) => {
    if (target === "/latest/api/token") return { status: 200, body: "imds-token" };
    return { status: 200, body: target.endsWith("/signer") ? JSON.stringify(credentials) : "signer" };
  });
}

function stubEnvironment(variables: Record<string, string | undefined>): void {
  const empty = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"];
  for (const name of empty) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_CONFIG_FILE", "/no/such/file");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/no/such/file");
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
}

test("without credentials of its own the backend takes those of the machine's role", async () => {
  const kms = await FakeAwsKms.start();
  const metadata = await metadataService(kms.accessKey);
  stubEnvironment({ AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.origin });
  const key = await (await backendOf(kms, { credentials: undefined })).open(kms.add(ed25519Key()).arn);
  expect(await signsForNear(key)).toBe(true);
});

test("with credentials of its own the backend asks nobody but KMS, whatever the environment says", async () => {
  const kms = await FakeAwsKms.start();
  const metadata = await metadataService(kms.accessKey);
  stubEnvironment({
    AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.origin,
    AWS_ENDPOINT_URL: metadata.origin,
    AWS_DEFAULTS_MODE: "auto",
  });
  const key = await (await backendOf(kms)).open(kms.add(ed25519Key()).arn);
  expect(await signsForNear(key)).toBe(true);
  expect(metadata.requests).toEqual([]);
});

test("no credentials at all are told apart", async () => {
  const kms = await FakeAwsKms.start();
  stubEnvironment({ AWS_EC2_METADATA_DISABLED: "true" });
  const backend = await backendOf(kms, { credentials: undefined });
  await expect(backend.open(kms.add(ed25519Key()).arn)).rejects.toThrow(
    "AWS KMS was not asked: no credentials were found",
  );
});
