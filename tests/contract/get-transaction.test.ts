import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { TransactionStatus } from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import { SubmissionState, WaitUntil } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { actions } from "near-api-js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { NETWORK, RELAYER, startTestRelay, type TestRelay } from "../support/test-relay.ts";
import { freshWallet } from "./support/fresh-wallet.ts";
import { reaches, submit } from "./support/submitting.ts";

describe("GetTransaction, where blocks are made by hand,", () => {
  let relay: TestRelay;
  beforeAll(async () => {
    relay = await startTestRelay({ devnet: { blockTimeMs: undefined } });
  });
  afterAll(() => relay.stop());

  const ask = (hash: string) => relay.client.getTransaction({ network: NETWORK, hash });

  it("follows a transaction from a block to its end", async () => {
    const wallet = freshWallet(relay);
    const { id } = await submit(relay, {
      signedDelegate: await wallet.delegate(),
      waitUntil: WaitUntil.ACCEPTED,
    });
    await expect.poll(() => relay.devnet.chain.hasWork, { timeout: 20_000 }).toBe(true);
    relay.devnet.chain.produceBlock();
    const hash = relay.devnet.chain.log.at(-1)?.hash ?? "";
    const included = await ask(hash);
    expect(included).toMatchObject({
      submissionId: id,
      transaction: {
        hash,
        signerId: RELAYER,
        receiverId: wallet.accountId,
        nonce: 1n,
        status: TransactionStatus.INCLUDED,
        chainError: "",
      },
    });
    const final = await reaches(relay, id, SubmissionState.SUCCEEDED, () =>
      relay.devnet.chain.produceBlock(),
    );
    const { transaction } = await ask(hash);
    expect(transaction).toMatchObject({
      status: TransactionStatus.SUCCEEDED,
      gasBurnt: final.cost?.gasBurnt,
      tokensBurnt: final.cost?.tokensBurnt,
    });
    expect(transaction?.gasBurnt).toBeGreaterThan(included.transaction?.gasBurnt ?? 0n);
  });

  it("tells a failure inside of a delegate, with the chain's own error", async () => {
    const signedDelegate = await freshWallet(relay).delegate({
      actions: [actions.functionCall("no_such_method", {}, 10n ** 13n, 0n)],
    });
    const { id } = await submit(relay, { signedDelegate, waitUntil: WaitUntil.ACCEPTED });
    const { transaction, failure } = await reaches(relay, id, SubmissionState.FAILED, () =>
      relay.devnet.chain.produceBlock(),
    );
    const answer = await ask(transaction?.hash ?? "");
    expect(answer.transaction?.status).toBe(TransactionStatus.FAILED);
    expect(JSON.parse(answer.transaction?.chainError ?? "")).toEqual(JSON.parse(failure?.chainError ?? ""));
  });

  it("takes the account that signed from the request", async () => {
    const [logged] = relay.devnet.chain.log;
    const { transaction } = await relay.client.getTransaction({
      network: NETWORK,
      hash: logged?.hash ?? "",
      signerId: RELAYER,
    });
    expect(transaction?.hash).toBe(logged?.hash);
  });
});

/** A node that knows every transaction and has none of them in a block; everything else it asks `behind`. */
async function nodeWithPendingTransactions(behind: string): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    const { method, id } = JSON.parse(body) as { method: string; id: unknown };
    const pending = { jsonrpc: "2.0", id, result: { final_execution_status: "NONE" } };
    const headers = { "content-type": "application/json" };
    const answer =
      method === "tx"
        ? JSON.stringify(pending)
        : await (await fetch(behind, { method: "POST", headers, body })).text();
    response.end(answer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("GetTransaction, at a node that has a transaction in no block yet,", () => {
  it("says PENDING and no submission of the caller's", async () => {
    const chain = await startTestRelay();
    onTestFinished(() => chain.stop());
    const url = await nodeWithPendingTransactions(chain.devnet.rpcUrls[0] ?? "");
    const relay = await startTestRelay({ settings: { "near.endpoints": JSON.stringify([{ url }]) } });
    onTestFinished(() => relay.stop());
    const hash = "2".repeat(43);
    expect(await relay.client.getTransaction({ network: NETWORK, hash })).toMatchObject({
      submissionId: "",
      transaction: { hash, signerId: RELAYER, status: TransactionStatus.PENDING, gasBurnt: 0n },
    });
  });
});
