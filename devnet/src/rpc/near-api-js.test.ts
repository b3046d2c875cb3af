import { actions, JsonRpcProvider, KeyPair } from "near-api-js";
import {
  AccessKeyDoesNotExistError,
  AccountDoesNotExistError,
  ContractCodeDoesNotExistError,
  ContractMethodNotFoundError,
  InvalidNonceError,
  InvalidSignatureError,
  NotEnoughBalanceError,
  RpcMethodNotFoundError,
  RpcRequestParseError,
  TransactionExpiredError,
  UnknownBlockError,
  UnknownTransactionError,
} from "near-api-js/rpc-errors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NEAR, TestDevnet } from "../testing/test-devnet.ts";

describe("near-api-js's provider", () => {
  let net: TestDevnet;
  let provider: JsonRpcProvider;
  beforeAll(async () => {
    net = await TestDevnet.start();
    provider = new JsonRpcProvider({ url: net.url }, { retries: 1 });
  });
  afterAll(() => net.stop());

  it("reads accounts, keys, blocks, gas price, status and views", async () => {
    expect((await provider.viewAccount({ accountId: "bob.test" })).amount).toBe(100n * NEAR);
    const publicKey = net.bob.pair.getPublicKey();
    expect(await provider.viewAccessKey({ accountId: "bob.test", publicKey })).toMatchObject({
      nonce: 0n,
      permission: "FullAccess",
    });
    expect((await provider.viewAccessKeyList({ accountId: "bob.test" })).keys.length).toBe(1);
    expect((await provider.viewBlock({ finality: "final" })).header.hash).toEqual(expect.any(String));
    expect(await provider.viewGasPrice()).toEqual({ gas_price: "100000000" });
    expect((await provider.viewNodeStatus()).chain_id).toBe("countersign-devnet");
    const args = { contractId: "guest-book.test", method: "total_messages", args: {} };
    expect(await provider.callFunction(args)).toBe(0);
  });

  it("sends a transaction and looks it up", async () => {
    const { transaction, hash } = await net.alice.sign("bob.test", [actions.transfer(NEAR)]);
    const sent = await provider.sendTransactionUntil(transaction, "FINAL");
    expect(sent).toMatchObject({ final_execution_status: "FINAL", status: { SuccessValue: "" } });
    const asked = { txHash: hash, accountId: "alice.test" };
    expect(await provider.viewTransactionStatus({ ...asked, waitUntil: "NONE" })).toEqual(sent);
    const full = await provider.viewTransactionStatusWithReceipts({ ...asked, waitUntil: "FINAL" });
    expect(full).toMatchObject({ receipts: [{ receiver_id: "bob.test" }] });
  });

  const newKey = () => KeyPair.fromRandom("ed25519").getPublicKey();
  const send = async (receiver: string, amount: bigint, said: object = {}) =>
    provider.sendTransactionUntil(
      (await net.alice.sign(receiver, [actions.transfer(amount)], said)).transaction,
      "INCLUDED",
    );

  it.each<[string, () => Promise<unknown>, new (...args: never[]) => Error]>([
    [
      "an unknown account",
      () => provider.viewAccount({ accountId: "nobody.test" }),
      AccountDoesNotExistError,
    ],
    [
      "an unknown key",
      () => provider.viewAccessKey({ accountId: "bob.test", publicKey: newKey() }),
      AccessKeyDoesNotExistError,
    ],
    [
      "an unknown view",
      () => provider.callFunction({ contractId: "guest-book.test", method: "nothing", args: {} }),
      ContractMethodNotFoundError,
    ],
    [
      "a view of no contract",
      () => provider.callFunction({ contractId: "bob.test", method: "nothing", args: {} }),
      ContractCodeDoesNotExistError,
    ],
    ["an unknown block", () => provider.viewBlock({ blockId: 1 }), UnknownBlockError],
    [
      "an unknown transaction",
      () =>
        provider.viewTransactionStatus({
          txHash: "11111111111111111111111111111111",
          accountId: "alice.test",
          waitUntil: "NONE",
        }),
      UnknownTransactionError,
    ],
    ["an unknown method", () => provider.viewValidators(), RpcMethodNotFoundError],
    ["bad parameters", () => provider.sendJsonRpc("send_tx", ["AAAA"]), RpcRequestParseError],
    ["too much money", () => send("bob.test", 1_000n * NEAR), NotEnoughBalanceError],
    ["a used nonce", () => send("bob.test", 1n, { nonce: 0n }), InvalidNonceError],
    [
      "an unknown block hash",
      () => send("bob.test", 1n, { blockHash: "11111111111111111111111111111111" }),
      TransactionExpiredError,
    ],
    [
      "a broken signature",
      async () => {
        const { transaction } = await net.alice.sign("bob.test", [actions.transfer(1n)]);
        const data = transaction.signature.ed25519Signature?.data;
        if (data !== undefined) data[0] = (data[0] ?? 0) ^ 1;
        return provider.sendTransactionUntil(transaction, "INCLUDED");
      },
      InvalidSignatureError,
    ],
  ])("tells %s by its class", async (_name, action, kind) => {
    await expect(action()).rejects.toBeInstanceOf(kind);
  });
});
