import { Code, createClient } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { ServerReflection } from "@countersign/gen/grpc/reflection/v1/reflection_pb.ts";
import { Health, HealthCheckResponse_ServingStatus } from "@countersign/gen/health/v1/health_pb.ts";
import { errorFromConnect } from "@countersign/service-kit";
import { baseEncode, decodeSignedTransaction } from "near-api-js";
import { describe, expect, it } from "vitest";
import { keystoreFile, publicKey, SEED } from "./support/one-relayer.ts";
import { runSigner, signerConfig } from "./support/running-signer.ts";
import { signerClient, unixTransport } from "./support/signer-client.ts";
import { RELAYER, transactionBytes } from "./support/transactions.ts";

describe("the signer", () => {
  it("answers each RPC: one key, all keys by id, and signatures that near-api-js verifies", async () => {
    const signer = await runSigner(signerConfig(await keystoreFile()));
    const client = signerClient(unixTransport(signer.address));
    const key = { keyId: "a", network: "testnet", accountId: RELAYER, publicKey: publicKey.toString() };
    expect((await client.getPublicKey({ keyId: "a" })).key).toMatchObject(key);
    expect((await client.listKeys({})).keys.map((k) => k.keyId)).toEqual(["a", "b"]);

    const bytes = transactionBytes(publicKey);
    const { results } = await client.signTransactions({
      network: "testnet",
      transactions: [
        { keyId: "a", transaction: bytes },
        { keyId: "b", transaction: bytes },
        { keyId: "c", transaction: bytes },
      ],
    });
    expect(results.map((r) => r.result.case)).toEqual(["signed", "refusal", "refusal"]);
    const [first, ...others] = results.map((r) => r.result);
    if (first?.case !== "signed") throw new Error("not signed");
    const signature = decodeSignedTransaction(first.value.signedTransaction).signature.ed25519Signature?.data;
    expect(publicKey.verify(first.value.hash, Uint8Array.from(signature ?? []))).toBe(true);
    expect(others.map((r) => r.case === "refusal" && r.value.reason)).toEqual([
      ErrorReason.SIGNER_PUBLIC_KEY_MISMATCH,
      ErrorReason.SIGNER_KEY_NOT_FOUND,
    ]);
  });

  it("says NOT_FOUND with its reason for a key that it does not hold", async () => {
    const signer = await runSigner(signerConfig(await keystoreFile()));
    const failing = signerClient(unixTransport(signer.address)).getPublicKey({ keyId: "nobody" });
    const failure = errorFromConnect(await failing.catch((error: unknown) => error));
    expect(failure).toMatchObject({ code: Code.NotFound, reason: ErrorReason.SIGNER_KEY_NOT_FOUND });
  });

  it("refuses what the contract does: no transaction, 65 of them, one of 196,609 bytes", async () => {
    const signer = await runSigner(signerConfig(await keystoreFile()));
    const client = signerClient(unixTransport(signer.address));
    const item = { keyId: "a", transaction: new Uint8Array(1) };
    for (const transactions of [
      [],
      new Array(65).fill(item),
      [{ keyId: "a", transaction: new Uint8Array(196_609) }],
    ]) {
      const failing = client.signTransactions({ network: "testnet", transactions });
      const failure = errorFromConnect(await failing.catch((error: unknown) => error));
      expect(failure).toMatchObject({ code: Code.InvalidArgument, reason: ErrorReason.FIELD_INVALID });
    }
  });

  it("takes the largest batch that the contract allows", async () => {
    const signer = await runSigner(signerConfig(await keystoreFile()));
    const item = { keyId: "a".repeat(128), transaction: new Uint8Array(196_608) };
    const transactions = new Array(64).fill(item);
    const answer = await signerClient(unixTransport(signer.address)).signTransactions({
      network: "n",
      transactions,
    });
    expect(answer.results).toHaveLength(64);
  });

  it("tells its health, and by reflection its services", async () => {
    const signer = await runSigner(signerConfig(await keystoreFile()));
    const transport = unixTransport(signer.address);
    const service = "countersign.signer.v1.RelayerSignerService";
    const { status } = await createClient(Health, transport).check({ service });
    expect(status).toBe(HealthCheckResponse_ServingStatus.SERVING);
    async function* ask() {
      yield { messageRequest: { case: "listServices", value: "" } } as const;
    }
    for await (const { messageResponse } of createClient(ServerReflection, transport).serverReflectionInfo(
      ask(),
    )) {
      const names =
        messageResponse.case === "listServicesResponse"
          ? messageResponse.value.service.map((s) => s.name)
          : [];
      expect(names).toContain(service);
    }
  });
});

describe("the log", () => {
  it("tells key, count, hash and reason, and holds no secret, payload or signature in any encoding", async () => {
    const signer = await runSigner(signerConfig(await keystoreFile()));
    const client = signerClient(unixTransport(signer.address));
    const bytes = transactionBytes(publicKey);
    const refused = transactionBytes(publicKey, { signerId: "mallory.testnet" });
    const { results } = await client.signTransactions({
      network: "testnet",
      transactions: [bytes, refused, new Uint8Array([1, 2, 3])].map((transaction) => ({
        keyId: "a",
        transaction,
      })),
    });
    const signed = results[0]?.result;
    if (signed?.case !== "signed") throw new Error("not signed");
    await signer.drain();
    const logged = signer.logged();
    expect(logged).toContain(`"signed":[{"key_id":"a","hash":"${baseEncode(signed.value.hash)}"}]`);
    expect(logged).toContain('"reason":"SIGNER_ACCOUNT_MISMATCH"');
    expect(logged).toContain('"count":3,"refused":2');
    expect(logged).toMatch(/"msg":"stopped"/);
    const signature = signed.value.signedTransaction.subarray(-64);
    const secretKey = Buffer.concat([SEED, publicKey.data]);
    for (const secret of [
      SEED,
      secretKey,
      Buffer.from(bytes),
      Buffer.from(refused),
      Buffer.from(signature),
    ]) {
      const start = Buffer.from(secret);
      const encodings = [start.toString("hex"), start.toString("base64"), start.toString("base64url")];
      for (const text of [...encodings, baseEncode(start), JSON.stringify([...start]).slice(1, 40)]) {
        expect(logged).not.toContain(text);
      }
    }
    expect(logged).not.toMatch(/horse|mallory/);
  });
});
