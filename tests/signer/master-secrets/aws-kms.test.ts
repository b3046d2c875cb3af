import { readFileSync, writeFileSync } from "node:fs";
import { awsKmsSchema } from "@countersign/signer-service/backends/aws-kms/aws-kms-schema.ts";
import { ECDSA_SCHEME, ED25519_SCHEME } from "@countersign/signer-service/threshold/schemes/scheme-ids.ts";
import { expect, it } from "vitest";
import { AWS_REGION, awsError, FakeAwsKms } from "../cloud/fake-aws-kms.ts";
import { bytes, configOf, openRing, sealedUnder, secretOf } from "./rings.ts";

async function kmsBackend() {
  const kms = await FakeAwsKms.start();
  const backend = awsKmsSchema({ ID: kms.accessKey.id, SECRET: kms.accessKey.secret }).parse({
    type: "aws-kms",
    name: "kms",
    region: AWS_REGION,
    endpoint: kms.server.origin,
    credentials: { access_key_id: "env:ID", secret_access_key: "env:SECRET" },
    timeout_ms: 2_000,
  });
  return { kms, backend, key: kms.addSymmetric() };
}

const TESTNET_1 = { network: "testnet", epoch: 1 };

it("a secret that was sealed by AWS KMS is opened at the start, with its network and epoch in the context", async () => {
  const { kms, backend, key } = await kmsBackend();
  const source = await sealedUnder(backend, key, TESTNET_1, bytes(4));
  expect(readFileSync(source.file, "utf8")).not.toContain("BAQEBAQE");
  const { ring } = await openRing(configOf([source], [backend]));
  expect(secretOf(ring, "testnet", 1)).toEqual(bytes(4));
  const bodies = kms.server.requests.map(({ body }) => JSON.parse(body.toString()));
  const context = { purpose: "countersign/master-secret/v1", network: "testnet", epoch: "1" };
  expect(bodies).toMatchObject([{ EncryptionContext: context }, { EncryptionContext: context, KeyId: key }]);
});

it("a file that claims another network, epoch or scheme, or whose key is another, is refused", async () => {
  const { kms, backend, key } = await kmsBackend();
  for (const claims of [
    { network: "mainnet", epoch: 1 },
    { network: "testnet", epoch: 2 },
    { scheme: ECDSA_SCHEME, ...TESTNET_1 },
  ]) {
    const source = await sealedUnder(backend, key, { ...TESTNET_1, claims }, bytes(4));
    await expect(openRing(configOf([source], [backend]))).rejects.toThrow(/does not open this/);
  }
  const source = await sealedUnder(backend, key, TESTNET_1, bytes(4));
  const other = { ...source, key: kms.addSymmetric() };
  await expect(openRing(configOf([other], [backend]))).rejects.toThrow(/does not open this/);
  await expect(openRing(configOf([{ ...source, network: "mainnet" }], [backend]))).rejects.toThrow(
    /was sealed for testnet epoch 1/,
  );
});

it("a secret of ECDSA is sealed with its scheme, and the place authenticates it", async () => {
  const { kms, backend, key } = await kmsBackend();
  const source = await sealedUnder(backend, key, { ...TESTNET_1, scheme: ECDSA_SCHEME }, bytes(4));
  const { ring } = await openRing(configOf([source], [backend]));
  expect(secretOf(ring, "testnet", 1, ECDSA_SCHEME)).toEqual(bytes(4));
  const { EncryptionContext } = JSON.parse(kms.server.requests.at(-1)?.body.toString() ?? "");
  expect(EncryptionContext).toMatchObject({ network: "testnet", epoch: "1", scheme: ECDSA_SCHEME });
  const asEd25519 = { ...source, scheme: ED25519_SCHEME };
  await expect(openRing(configOf([asEd25519], [backend]))).rejects.toThrow(
    `was sealed for testnet epoch 1 of ${ECDSA_SCHEME}`,
  );
});

it("what is no sealed file is refused, and so is a secret of another size", async () => {
  const { backend, key } = await kmsBackend();
  const source = await sealedUnder(backend, key, TESTNET_1, bytes(4));
  for (const text of ["", "{}", "x".repeat(20_000)]) {
    writeFileSync(source.file, text);
    await expect(openRing(configOf([source], [backend]))).rejects.toThrow(
      /no sealed master secret|more than/,
    );
  }
  await expect(openRing(configOf([{ ...source, file: "/no/such/file" }], [backend]))).rejects.toThrow(
    "master secret testnet epoch 1: /no/such/file cannot be read",
  );
  const short = await sealedUnder(backend, key, TESTNET_1, bytes(4).subarray(1));
  await expect(openRing(configOf([short], [backend]))).rejects.toThrow(/holds 31 bytes/);
});

it("a KMS that is away at the start is tried again, and a reload meanwhile loses nothing", async () => {
  const { kms, backend, key } = await kmsBackend();
  const source = await sealedUnder(backend, key, TESTNET_1, bytes(4));
  const away = awsError("KMSInternalException", "", 500);
  kms.server.spoil(away, away, away);
  const { ring, told, tryAgain } = await openRing(configOf([source], [backend]));
  expect(ring.states()).toMatchObject([{ network: "testnet", problem: expect.stringMatching(/AWS KMS/) }]);
  expect(ring.currentEpoch(ED25519_SCHEME, "testnet")).toBe(1);
  expect(() => secretOf(ring, "testnet", 1)).toThrow(/cannot be had now/);

  tryAgain();
  await expect.poll(() => ring.states()).toMatchObject([{ problem: "" }]);
  expect(secretOf(ring, "testnet", 1)).toEqual(bytes(4));
  expect(told).toEqual([expect.stringMatching(/^away testnet\/1/), "held testnet/1"]);

  await kms.server.stop();
  (await ring.follow(configOf([source], [backend])))();
  expect(secretOf(ring, "testnet", 1)).toEqual(bytes(4));
});
