import {
  type Action,
  actions,
  baseEncode,
  KeyPair,
  KeyPairSigner,
  Signature,
  SignedTransaction,
} from "near-api-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NONCE_RANGE_MULTIPLIER } from "../chain/config.ts";
import { invalidTx } from "../testing/raw-rpc.ts";
import { burnt, failure, NEAR, TestDevnet } from "../testing/test-devnet.ts";

const TGAS = 10n ** 12n;
const greet = (deposit = 0n, gas = 30n * TGAS): Action =>
  actions.functionCall("add_message", { text: "hello" }, gas, deposit);

describe("a transaction", () => {
  let net: TestDevnet;
  beforeAll(async () => {
    net = await TestDevnet.start({ transactionValidityBlocks: 20n });
  });
  afterAll(() => net.stop());

  it("costs its signer exactly what it moves and burns", async () => {
    const before = net.alice.balance;
    const view = await net.run(await net.alice.sign("bob.test", [actions.transfer(NEAR)]));
    expect(before - net.alice.balance).toBe(NEAR + burnt(view));
    expect(burnt(view)).toBeGreaterThan(0n);
  });

  it("with a broken signature is refused", async () => {
    const { transaction, hash } = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    const data = Uint8Array.from(transaction.signature.ed25519Signature?.data ?? []);
    data[0] = (data[0] ?? 0) ^ 1;
    const signature = new Signature({ keyType: 0, data });
    const broken = new SignedTransaction({ transaction: transaction.transaction, signature });
    const base64 = Buffer.from(broken.encode()).toString("base64");
    const answer = await net.send({ hash, base64, transaction: broken });
    expect(invalidTx(answer)).toBe("InvalidSignature");
    expect(answer).toMatchObject({
      http: 200,
      error: {
        name: "HANDLER_ERROR",
        code: -32000,
        message: "Server error",
        cause: { name: "INVALID_TRANSACTION" },
      },
    });
  });

  it("by an account that does not exist is refused", async () => {
    const signed = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    const { transaction } = signed.transaction;
    transaction.signerId = "nobody.test";
    const { signedTransaction } = await resign(net.alice.pair, transaction);
    expect(invalidTx(await net.send(signedTransaction))).toEqual({
      SignerDoesNotExist: { signer_id: "nobody.test" },
    });
  });

  it("with a key that is not the signer's is refused", async () => {
    const pair = KeyPair.fromRandom("ed25519");
    const signed = await net.alice.sign("bob.test", [actions.transfer(1n)], { pair, nonce: 1n });
    expect(invalidTx(await net.send(signed))).toEqual({
      InvalidAccessKeyError: {
        AccessKeyNotFound: { account_id: "alice.test", public_key: pair.getPublicKey().toString() },
      },
    });
  });

  it("needs a nonce above the key's", async () => {
    await net.run(await net.alice.sign("bob.test", [actions.transfer(1n)], { nonce: 500n }));
    const again = await net.alice.sign("bob.test", [actions.transfer(2n)], { nonce: 500n });
    expect(invalidTx(await net.send(again))).toEqual({ InvalidNonce: { tx_nonce: 500, ak_nonce: 500 } });
  });

  it("may skip nonces", async () => {
    const view = await net.run(await net.alice.sign("bob.test", [actions.transfer(1n)], { nonce: 900n }));
    expect(failure(view)).toBeUndefined();
    expect(net.chain.stateAt().accessKey("alice.test", net.alice.publicKey)?.nonce).toBe(900n);
  });

  it("with a nonce at or above height times a million is dropped by the block, and then refused", async () => {
    const nonce = (net.chain.head.height + 1_000n) * NONCE_RANGE_MULTIPLIER;
    const signed = await net.bob.sign("alice.test", [actions.transfer(1n)], { nonce });
    const logged = net.chain.log.length;
    const waiting = net.call("send_tx", { signed_tx_base64: signed.base64, wait_until: "NONE" });
    expect((await waiting).result).toEqual({ final_execution_status: "NONE" });
    net.produce(2);
    expect(net.chain.log.length).toBe(logged);
    expect(
      (await net.call("tx", { tx_hash: signed.hash, sender_account_id: "bob.test", wait_until: "NONE" }))
        .error,
    ).toMatchObject({ cause: { name: "UNKNOWN_TRANSACTION" } });
  });

  it("may use the last nonce below height times a million", async () => {
    const user = net.addAccount("edge.test", NEAR);
    const nonce = (net.chain.head.height + 1n) * NONCE_RANGE_MULTIPLIER - 1n;
    const view = await net.run(await user.sign("bob.test", [actions.transfer(1n)], { nonce }));
    expect(view.transaction.nonce).toBe(Number(nonce));
  });

  it("expires when its block hash is older than the validity period", async () => {
    const signed = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    net.produce(21);
    expect(invalidTx(await net.send(signed))).toBe("Expired");
  });

  it("is good in the last block of the validity period", async () => {
    const signed = await net.alice.sign("bob.test", [actions.transfer(1n)]);
    net.produce(20);
    expect(failure(await net.run(signed))).toBeUndefined();
  });

  it("with an unknown block hash counts as expired", async () => {
    const blockHash = "11111111111111111111111111111111";
    const signed = await net.alice.sign("bob.test", [actions.transfer(1n)], { blockHash });
    expect(invalidTx(await net.send(signed))).toBe("Expired");
  });

  it("above the signer's balance is refused with the cost", async () => {
    const poor = net.addAccount("poor.test", NEAR);
    const signed = await poor.sign("bob.test", [actions.transfer(NEAR)]);
    expect(invalidTx(await net.send(signed))).toMatchObject({
      NotEnoughBalance: { signer_id: "poor.test", balance: NEAR.toString() },
    });
  });

  it("without any gas for its call is refused", async () => {
    const signed = await net.alice.sign("guest-book.test", [greet(0n, 0n)]);
    expect(invalidTx(await net.send(signed))).toEqual({ ActionsValidation: "FunctionCallZeroAttachedGas" });
  });

  it("with more than a petagas is refused", async () => {
    const signed = await net.alice.sign("guest-book.test", [greet(0n, 600n * TGAS), greet(0n, 600n * TGAS)]);
    expect(invalidTx(await net.send(signed))).toMatchObject({
      ActionsValidation: { TotalPrepaidGasExceeded: { total_prepaid_gas: 1_200_000_000_000_000 } },
    });
  });

  it("with more than a hundred actions is refused", async () => {
    const many = Array.from({ length: 101 }, () => actions.transfer(1n));
    expect(invalidTx(await net.send(await net.alice.sign("bob.test", many)))).toEqual({
      ActionsValidation: { TotalNumberOfActionsExceeded: { total_number_of_actions: 101, limit: 100 } },
    });
  });

  it("that deletes its account before its last action is refused", async () => {
    const list = [actions.deleteAccount("bob.test"), actions.transfer(1n)];
    expect(invalidTx(await net.send(await net.alice.sign("alice.test", list)))).toEqual({
      ActionsValidation: "DeleteActionMustBeFinal",
    });
  });
});

describe("a function-call key", () => {
  let net: TestDevnet;
  beforeAll(async () => {
    net = await TestDevnet.start();
  });
  afterAll(() => net.stop());

  const restricted = { receiverId: "guest-book.test", methodNames: ["add_message"] };

  it.each([
    ["a transfer", "guest-book.test", [actions.transfer(1n)], "RequiresFullAccess"],
    ["two calls", "guest-book.test", [greet(), greet()], "RequiresFullAccess"],
    ["a deposit", "guest-book.test", [greet(1n)], "DepositWithFunctionCall"],
    [
      "another receiver",
      "test",
      [greet()],
      { ReceiverMismatch: { tx_receiver: "test", ak_receiver: "guest-book.test" } },
    ],
    [
      "another method",
      "guest-book.test",
      [actions.functionCall("total_messages", {}, TGAS)],
      { MethodNameMismatch: { method_name: "total_messages" } },
    ],
  ] as const)("refuses %s", async (name, receiverId, list, error) => {
    const user = net.addAccount(`${name.replaceAll(" ", "-")}.test`, NEAR, restricted);
    const answer = await net.send(await user.sign(receiverId, [...list]));
    expect(invalidTx(answer)).toEqual({ InvalidAccessKeyError: error });
  });

  it("without an allowance calls its methods, and any method without a list", async () => {
    const user = net.addAccount("caller.test", NEAR, { receiverId: "guest-book.test" });
    expect(failure(await net.run(await user.sign("guest-book.test", [greet()])))).toBeUndefined();
  });

  it("pays from its allowance and gets what was not burnt back", async () => {
    const allowance = NEAR / 10n;
    const user = net.addAccount("frugal.test", NEAR, { ...restricted, allowance: allowance.toString() });
    const before = user.balance;
    const view = await net.run(await user.sign("guest-book.test", [greet()]));
    const key = net.chain.stateAt().accessKey(user.id, user.publicKey);
    expect(key?.permission).toMatchObject({ allowance: allowance - burnt(view) });
    expect(before - user.balance).toBe(burnt(view));
  });

  it("holds back the whole prepaid gas from the allowance until the refund", async () => {
    const user = net.addAccount("tight.test", NEAR, { ...restricted, allowance: "1000000000000000000" });
    expect(invalidTx(await net.send(await user.sign("guest-book.test", [greet()])))).toMatchObject({
      InvalidAccessKeyError: {
        NotEnoughAllowance: {
          account_id: "tight.test",
          public_key: user.publicKey,
          allowance: "1000000000000000000",
        },
      },
    });
  });
});

async function resign(pair: KeyPair, transaction: SignedTransaction["transaction"]) {
  const { signedTransaction, txHash } = await new KeyPairSigner(pair).signTransaction(transaction);
  const base64 = Buffer.from(signedTransaction.encode()).toString("base64");
  return { signedTransaction: { hash: baseEncode(txHash), base64, transaction: signedTransaction } };
}
