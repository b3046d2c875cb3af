import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError, errorFromConnect } from "@countersign/service-kit";
import { expect, it } from "vitest";
import { keystoreFile, publicKey, signOne } from "./support/one-relayer.ts";
import { runSigner, signerConfig } from "./support/running-signer.ts";
import { signerClient, unixTransport } from "./support/signer-client.ts";
import { transactionBytes } from "./support/transactions.ts";

it("counts and logs each transaction of a call that the store's absence ends", async () => {
  const away = new DomainError(ErrorReason.SIGNER_STORE_UNAVAILABLE, "the signer's store gave no answer");
  const signer = await runSigner(signerConfig(await keystoreFile()), {
    journal: (journal) => ({ ...journal, reserve: () => Promise.reject(away) }),
  });
  const client = signerClient(unixTransport(signer.address));
  const call = signOne(transactionBytes(publicKey));
  const unknown = call.transactions.map((one) => ({ ...one, keyId: "nobody" }));
  const transactions = [...call.transactions, ...unknown];
  const error = await client.signTransactions({ ...call, transactions }).catch((failure: unknown) => failure);
  expect(errorFromConnect(error).reason).toBe(ErrorReason.SIGNER_STORE_UNAVAILABLE);

  const metrics = await (await fetch(`${signer.operationsAddress}/metrics`)).text();
  const counted = metrics
    .split("\n")
    .filter(
      (line) => line.startsWith("countersign_signer_signatures_total{") && line.includes('outcome="failed"'),
    );
  // A name that no key has becomes no label.
  expect(counted).toEqual([
    expect.stringMatching(/key="a".*reason="SIGNER_STORE_UNAVAILABLE"\} 1$/),
    expect.stringMatching(/key="".*reason="SIGNER_STORE_UNAVAILABLE"\} 1$/),
  ]);
  expect(metrics).toMatch(/countersign_signer_call_seconds_count 1/);
  expect(signer.logged()).toMatch(/"count":2,"refused":2.*"msg":"batch answered"/);
});
