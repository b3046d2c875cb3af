import { actions } from "near-api-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { invalidTx } from "../testing/raw-rpc.ts";
import type { Signed } from "../testing/test-account.ts";
import { TestDevnet } from "../testing/test-devnet.ts";

const TGAS = 10n ** 12n;
const greet = actions.functionCall("add_message", { text: "hi" }, 30n * TGAS, 0n);

describe("send_tx and tx, on a chain whose blocks come when asked", () => {
  let net: TestDevnet;
  beforeEach(async () => {
    net = await TestDevnet.start({ blockTimeMs: undefined });
  });
  afterEach(() => net.stop());

  const accepted = async (signed: Signed): Promise<Signed> => {
    await net.send(signed, "NONE");
    return signed;
  };
  const ask = (signed: Signed, waitUntil = "NONE", method = "tx", endpoint = 0) =>
    net.call(
      method,
      { tx_hash: signed.hash, sender_account_id: "alice.test", wait_until: waitUntil },
      endpoint,
    );
  const statusNow = async (signed: Signed) => (await ask(signed)).result?.final_execution_status;
  /** Resolves when the node holds a transaction for the next block. */
  const work = () =>
    new Promise<void>((resolve) => {
      const stop = net.chain.onWork(() => {
        stop();
        resolve();
      });
    });

  it("a call to another contract goes from INCLUDED over EXECUTED to FINAL, block by block", async () => {
    const signed = await accepted(await net.alice.sign("guest-book.test", [greet]));
    const seen: string[] = [];
    for (let i = 0; i < 6; i++) {
      net.produce(1);
      seen.push(await statusNow(signed));
    }
    // Block 1 includes it, 2 executes the receipt, 3 the gas refund; a block is final two blocks later.
    expect(seen).toEqual(["INCLUDED", "EXECUTED_OPTIMISTIC", "EXECUTED", "EXECUTED", "FINAL", "FINAL"]);
  });

  it("a local receipt that leaves nothing to refund is executed in its transaction's block", async () => {
    const signed = await accepted(await net.alice.sign("alice.test", [actions.transfer(1n)]));
    net.produce(1);
    expect(await statusNow(signed)).toBe("EXECUTED_OPTIMISTIC");
    net.produce(2);
    expect(await statusNow(signed)).toBe("FINAL");
  });

  it("a delegate is EXECUTED only when its inner receipt is", async () => {
    const delegate = await net.alice.delegate("guest-book.test", [greet]);
    const signed = await accepted(await net.relayer.sign("alice.test", [delegate]));
    net.produce(2);
    expect(await statusNow(signed)).toBe("INCLUDED");
    net.produce(1);
    expect(await statusNow(signed)).toBe("EXECUTED");
  });

  it.each([
    ["INCLUDED", 1],
    ["EXECUTED_OPTIMISTIC", 2],
    ["INCLUDED_FINAL", 3],
    ["EXECUTED", 3],
    ["FINAL", 5],
  ])("wait_until %s answers after block %i and not before", async (until, blocks) => {
    const signed = await net.alice.sign("guest-book.test", [greet]);
    const working = work();
    let answered = false;
    const answer = net.send(signed, until).finally(() => {
      answered = true;
    });
    await working;
    net.produce(blocks - 1);
    await ask(signed);
    expect(answered).toBe(false);
    net.produce(1);
    const { result } = await answer;
    expect(result.transaction.hash).toBe(signed.hash);
    expect(result.transaction_outcome.id).toBe(signed.hash);
  });

  it("without wait_until waits for EXECUTED_OPTIMISTIC, as broadcast_tx_commit does", async () => {
    for (const method of ["send_tx", "broadcast_tx_commit"]) {
      const signed = await net.alice.sign("guest-book.test", [greet]);
      const working = work();
      const answer = net.call(method, [signed.base64]);
      await working;
      net.produce(2);
      expect((await answer).result.final_execution_status).toBe("EXECUTED_OPTIMISTIC");
    }
  });

  it("wait_until NONE answers at once, and hides refusals", async () => {
    const signed = await net.alice.sign("bob.test", [actions.transfer(10n ** 30n)]);
    expect(await net.send(signed, "NONE")).toMatchObject({
      http: 200,
      result: { final_execution_status: "NONE" },
    });
    net.produce(1);
    expect(net.chain.log).toEqual([]);
  });

  it("broadcast_tx_async answers the hash, whatever becomes of the transaction", async () => {
    const good = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    expect((await net.call("broadcast_tx_async", [good.base64])).result).toBe(good.hash);
    const bad = await net.alice.sign("bob.test", [actions.transfer(10n ** 30n)]);
    expect((await net.call("broadcast_tx_async", [bad.base64])).result).toBe(bad.hash);
    net.produce(1);
    expect(net.chain.log.map(({ hash }) => hash)).toEqual([good.hash]);
  });

  it("the same bytes again wait for the same transaction, in the mempool and after inclusion", async () => {
    const signed = await accepted(await net.alice.sign("bob.test", [actions.transfer(1n)]));
    const working = net.send(signed, "INCLUDED");
    await accepted(signed);
    net.produce(1);
    expect((await working).result.transaction.hash).toBe(signed.hash);
    expect((await net.send(signed, "INCLUDED")).result.transaction.hash).toBe(signed.hash);
    await accepted(signed);
    net.produce(3);
    expect((await net.send(signed, "FINAL")).result.final_execution_status).toBe("FINAL");
    expect(net.chain.log.length).toBe(1);
  });

  it("the same bytes again are Expired once their block hash is, though they landed", async () => {
    const short = await TestDevnet.start({ blockTimeMs: undefined, transactionValidityBlocks: 3n });
    try {
      const signed = await short.alice.sign("bob.test", [actions.transfer(1n)]);
      await short.send(signed, "NONE");
      short.produce(5);
      expect(invalidTx(await short.send(signed))).toBe("Expired");
      const params = [signed.hash, "alice.test"];
      expect((await short.call("tx", params)).result.final_execution_status).toBe("FINAL");
    } finally {
      await short.stop();
    }
  });

  it("bytes that differ from waiting ones in the signature alone are refused", async () => {
    const signed = await accepted(await net.alice.sign("bob.test", [actions.transfer(1n)]));
    const bytes = Buffer.from(signed.base64, "base64");
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 40) ^ 1, bytes.length - 40);
    expect(invalidTx(await net.send({ ...signed, base64: bytes.toString("base64") }))).toBe(
      "InvalidSignature",
    );
  });

  it("a transaction whose nonce another took while it waited is refused", async () => {
    const first = await net.alice.sign("bob.test", [actions.transfer(1n)], { nonce: 7n });
    const second = await net.alice.sign("bob.test", [actions.transfer(2n)], { nonce: 7n });
    await accepted(first);
    const working = work();
    const answer = net.send(second, "FINAL");
    await working;
    net.produce(1);
    expect(invalidTx(await answer)).toEqual({ InvalidNonce: { tx_nonce: 7, ak_nonce: 7 } });
    expect(net.chain.log.map(({ hash }) => hash)).toEqual([first.hash]);
  });

  it("an unknown hash is UNKNOWN_TRANSACTION when nothing is waited for", async () => {
    const signed = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    expect(await ask(signed)).toEqual({
      http: 200,
      jsonrpc: "2.0",
      id: "test",
      error: {
        name: "HANDLER_ERROR",
        cause: { name: "UNKNOWN_TRANSACTION", info: { requested_transaction_hash: signed.hash } },
        code: -32000,
        message: "Server error",
        data: `Transaction ${signed.hash} doesn't exist`,
      },
    });
  });

  it("a hash that is asked for before it is sent is answered when it lands", async () => {
    const signed = await net.alice.sign("alice.test", [actions.transfer(1n)]);
    const answer = ask(signed, "INCLUDED");
    await accepted(signed);
    net.produce(1);
    expect((await answer).result?.transaction.hash).toBe(signed.hash);
  });

  it("tx takes the signed bytes, too, and says why they cannot land", async () => {
    const signed = await accepted(await net.alice.sign("bob.test", [actions.transfer(1n)], { nonce: 5n }));
    net.produce(5);
    expect((await net.call("tx", [signed.base64])).result.final_execution_status).toBe("FINAL");
    const dead = await net.alice.sign("bob.test", [actions.transfer(2n)], { nonce: 5n });
    expect(invalidTx(await net.call("tx", [dead.base64]))).toEqual({
      InvalidNonce: { tx_nonce: 5, ak_nonce: 5 },
    });
  });

  it("EXPERIMENTAL_tx_status adds the receipts", async () => {
    const signed = await accepted(await net.alice.sign("guest-book.test", [greet]));
    net.produce(5);
    const plain = (await ask(signed, "FINAL")).result;
    const { receipts, ...rest } = (await ask(signed, "FINAL", "EXPERIMENTAL_tx_status")).result;
    expect(rest).toEqual(plain);
    expect(
      receipts.map((r: { predecessor_id: string; receiver_id: string }) => [r.predecessor_id, r.receiver_id]),
    ).toEqual([
      ["alice.test", "guest-book.test"],
      ["system", "alice.test"],
    ]);
  });

  it("one key's transactions land in nonce order, whatever order they came in", async () => {
    const nonces = [5n, 2n, 9n, 1n, 7n];
    for (const nonce of nonces) {
      await accepted(await net.alice.sign("bob.test", [actions.transfer(nonce)], { nonce }));
    }
    await accepted(await net.bob.sign("alice.test", [actions.transfer(1n)]));
    net.produce(1);
    const byAlice = net.chain.log.filter(({ signerId }) => signerId === "alice.test");
    expect(byAlice.map(({ nonce }) => nonce)).toEqual([1n, 2n, 5n, 7n, 9n]);
    expect(net.chain.log.length).toBe(6);
  });

  it("a nonce that was bumped from outside refuses what was signed before", async () => {
    const signed = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    expect(net.chain.bumpNonce("alice.test", net.alice.publicKey, 10n)).toBe(10n);
    expect(invalidTx(await net.send(signed))).toEqual({ InvalidNonce: { tx_nonce: 1, ak_nonce: 10 } });
    const next = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    expect(next.transaction.transaction.nonce).toBe(11n);
    await accepted(next);
    net.produce(1);
    expect(net.chain.log.map(({ hash }) => hash)).toEqual([next.hash]);
  });

  it.each([
    ["no base64", "send_tx", { signed_tx_base64: "*" }],
    ["no transaction", "send_tx", { signed_tx_base64: "AAAA" }],
    ["no bytes at all", "send_tx", {}],
    ["no parameters", "send_tx", undefined],
    ["an unknown wait_until", "send_tx", { signed_tx_base64: "AAAA", wait_until: "SOON" }],
    ["no sender", "tx", { tx_hash: "abc" }],
  ])("%s is a parse error with status 400", async (_name, method, params) => {
    expect(await net.call(method, params)).toMatchObject({
      http: 400,
      error: { name: "REQUEST_VALIDATION_ERROR", code: -32700, cause: { name: "PARSE_ERROR" } },
    });
  });

  it("trailing bytes make a transaction none", async () => {
    const { base64 } = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    const longer = Buffer.concat([Buffer.from(base64, "base64"), Buffer.of(0)]).toString("base64");
    expect((await net.call("send_tx", [longer])).error?.data).toContain("Not all bytes read");
  });
});

describe("a node whose patience is short", () => {
  let net: TestDevnet;
  beforeEach(async () => {
    net = await TestDevnet.start({ blockTimeMs: undefined, pollingTimeoutMs: 50 });
  });
  afterEach(() => net.stop());

  const timeout = {
    http: 408,
    error: { name: "HANDLER_ERROR", code: -32000, cause: { name: "TIMEOUT_ERROR" }, data: "Timeout" },
  };

  it("answers TIMEOUT_ERROR about a hash that never comes", async () => {
    const { hash } = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    const params = { tx_hash: hash, sender_account_id: "alice.test", wait_until: "FINAL" };
    expect(await net.call("tx", params)).toMatchObject(timeout);
  });

  it("answers TIMEOUT_ERROR while the transaction lives on", async () => {
    const signed = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    expect(await net.send(signed, "FINAL")).toMatchObject(timeout);
    net.produce(1);
    expect(net.chain.log.map(({ hash }) => hash)).toEqual([signed.hash]);
  });
});
