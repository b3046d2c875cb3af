import { type Action, actions, encodeSignedDelegate, KeyPair } from "near-api-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FEES } from "../chain/config.ts";
import { invalidTx, type TransactionView } from "../testing/raw-rpc.ts";
import type { TestAccount } from "../testing/test-account.ts";
import { burnt, failure, NEAR, TestDevnet } from "../testing/test-devnet.ts";

const TGAS = 10n ** 12n;
const greet = (deposit = 0n): Action =>
  actions.functionCall("add_message", { text: "hello" }, 30n * TGAS, deposit);
const unknownMethod = (deposit: bigint): Action => actions.functionCall("nothing", {}, 30n * TGAS, deposit);

describe("a delegate action", () => {
  let net: TestDevnet;
  beforeAll(async () => {
    net = await TestDevnet.start();
  });
  afterAll(() => net.stop());

  const relay = async (sender: string, delegate: Action) =>
    net.run(await net.relayer.sign(sender, [delegate]));
  const relayed = (sender: TestAccount, receiver: string, list: Action[]) =>
    sender.delegate(receiver, list).then((delegate) => relay(sender.id, delegate));
  /** The receipt that the delegate made: the second that ran, on its receiver. */
  const inner = (view: TransactionView) => view.receipts_outcome[1]?.outcome;

  it("runs as its sender, in a receipt of its own, in a later block", async () => {
    const view = await relayed(net.alice, "guest-book.test", [greet()]);
    expect(failure(view)).toBeUndefined();
    expect(inner(view)?.executor_id).toBe("guest-book.test");
    const [outerBlock, innerBlock] = view.receipts_outcome.map(
      (outcome) => net.chain.blockByHash(outcome.block_hash)?.height ?? 0n,
    );
    expect(innerBlock).toBe((outerBlock ?? 0n) + 1n);
    const messages = await net.call("query", {
      request_type: "call_function",
      finality: "optimistic",
      account_id: "guest-book.test",
      method_name: "get_messages",
      args_base64: Buffer.from("{}").toString("base64"),
    });
    expect(JSON.parse(Buffer.from(messages.result.result).toString())).toEqual([
      { premium: false, sender: "alice.test", text: "hello" },
    ]);
  });

  it("is paid by the relayer, gas and deposit, and leaves the sender's balance alone", async () => {
    const [sender, relayer] = [net.alice.balance, net.relayer.balance];
    const view = await relayed(net.alice, "bob.test", [actions.transfer(NEAR)]);
    expect(net.alice.balance).toBe(sender);
    expect(relayer - net.relayer.balance).toBe(NEAR + burnt(view));
  });

  it("burns the delegate's and the inner actions' send fees besides the outer receipt's", async () => {
    const view = await relayed(net.alice, "bob.test", [actions.transfer(1n)]);
    const outer = view.receipts_outcome[0]?.outcome.gas_burnt ?? 0;
    const expected = FEES.newActionReceipt.execution + FEES.delegate.execution + FEES.transfer.sendOther;
    expect(BigInt(outer)).toBe(expected);
  });

  it("that fails inside is a success outside; the deposit goes to the sender, the gas to the relayer", async () => {
    const [sender, relayer] = [net.alice.balance, net.relayer.balance];
    const view = await relayed(net.alice, "guest-book.test", [unknownMethod(NEAR)]);
    expect(view.status).toEqual({ SuccessValue: "" });
    expect(inner(view)?.status.Failure?.ActionError).toEqual({
      index: 0,
      kind: { FunctionCallError: { MethodResolveError: "MethodNotFound" } },
    });
    expect(net.alice.balance - sender).toBe(NEAR);
    expect(relayer - net.relayer.balance).toBe(NEAR + burnt(view));
  });

  it("moves the sender's nonce, and so cannot be relayed twice", async () => {
    const delegate = await net.alice.delegate("bob.test", [actions.transfer(1n)]);
    await relay("alice.test", delegate);
    const nonce = Number(net.chain.stateAt().accessKey("alice.test", net.alice.publicKey)?.nonce);
    expect(failure(await relay("alice.test", delegate))).toEqual({
      DelegateActionInvalidNonce: { delegate_nonce: nonce, ak_nonce: nonce },
    });
  });

  it("with a tampered body fails", async () => {
    const delegate = await net.alice.delegate("bob.test", [actions.transfer(1n)]);
    const { signedDelegate } = delegate;
    if (signedDelegate === undefined) throw new Error("not a delegate");
    signedDelegate.delegateAction.receiverId = "relayer.test";
    expect(failure(await relay("alice.test", delegate))).toBe("DelegateActionInvalidSignature");
  });

  it("is good in the block of its last height, and expired after it", async () => {
    const manual = await TestDevnet.start({ blockTimeMs: undefined });
    try {
      const executedIn = async (offset: bigint) => {
        // Included in the next block, its receipt executed in the one after.
        const maxBlockHeight = manual.chain.head.height + 2n + offset;
        const delegate = await manual.alice.delegate("bob.test", [actions.transfer(1n)], { maxBlockHeight });
        const signed = await manual.relayer.sign("alice.test", [delegate]);
        await manual.send(signed, "NONE");
        manual.produce(8);
        return (await manual.send(signed)).result;
      };
      expect(failure(await executedIn(0n))).toBeUndefined();
      expect(failure(await executedIn(-1n))).toBe("DelegateActionExpired");
    } finally {
      await manual.stop();
    }
  });

  it("must be sent to its sender", async () => {
    const delegate = await net.alice.delegate("guest-book.test", [greet()]);
    expect(failure(await relay("bob.test", delegate))).toEqual({
      DelegateActionSenderDoesNotMatchTxReceiver: { sender_id: "alice.test", receiver_id: "bob.test" },
    });
  });

  it("with a nonce at or above height times a million fails", async () => {
    const nonce = (net.chain.head.height + 1_000n) * 1_000_000n;
    const delegate = await net.alice.delegate("guest-book.test", [greet()], { nonce });
    expect(failure(await relay("alice.test", delegate))).toMatchObject({
      DelegateActionNonceTooLarge: { delegate_nonce: Number(nonce) },
    });
  });

  it("by a key that is not its sender's fails", async () => {
    const pair = KeyPair.fromRandom("ed25519");
    const delegate = await net.alice.delegate("guest-book.test", [greet()], { pair });
    expect(failure(await relay("alice.test", delegate))).toEqual({
      DelegateActionAccessKeyError: {
        AccessKeyNotFound: { account_id: "alice.test", public_key: pair.getPublicKey().toString() },
      },
    });
  });

  it("by a sender that does not exist fails, and the relayer gets the deposit back", async () => {
    const before = net.relayer.balance;
    const delegate = await net.alice.delegate("bob.test", [actions.transfer(NEAR)], {
      senderId: "gone.test",
    });
    const view = await relay("gone.test", delegate);
    expect(failure(view)).toEqual({ AccountDoesNotExist: { account_id: "gone.test" } });
    expect(before - net.relayer.balance).toBe(burnt(view));
  });

  it("must be the only one of its transaction", async () => {
    const one = await net.alice.delegate("bob.test", [actions.transfer(1n)]);
    const two = await net.alice.delegate("bob.test", [actions.transfer(1n)]);
    expect(invalidTx(await net.send(await net.relayer.sign("alice.test", [one, two])))).toEqual({
      ActionsValidation: "DelegateActionMustBeOnlyOne",
    });
  });

  it("cannot hold another: such bytes are no transaction", async () => {
    const inside = await net.alice.delegate("bob.test", [actions.transfer(1n)]);
    const { signedDelegate } = inside;
    if (signedDelegate === undefined) throw new Error("not a delegate");
    const nested = Buffer.concat([Buffer.of(8), encodeSignedDelegate(signedDelegate)]);
    // near-api-js refuses to write such bytes: a transfer in them is replaced by the delegate.
    const place = Buffer.concat([Buffer.of(3), Buffer.alloc(16, 0x5a)]);
    const deposit = BigInt(`0x${"5a".repeat(16)}`);
    const outside = await net.alice.delegate("alice.test", [actions.transfer(deposit)]);
    const bytes = Buffer.from((await net.relayer.sign("alice.test", [outside])).base64, "base64");
    const at = bytes.indexOf(place);
    expect(at).toBeGreaterThan(0);
    const spliced = Buffer.concat([bytes.subarray(0, at), nested, bytes.subarray(at + place.length)]);
    const answer = await net.call("send_tx", { signed_tx_base64: spliced.toString("base64") });
    expect(answer).toMatchObject({
      http: 400,
      error: { name: "REQUEST_VALIDATION_ERROR", code: -32700, cause: { name: "PARSE_ERROR" } },
    });
    expect(answer.error?.data).toContain("DelegateAction mustn't contain a nested one");
  });

  it("whose inner actions are invalid is refused with the transaction", async () => {
    const delegate = await net.alice.delegate("guest-book.test", [actions.functionCall("x", {}, 0n, 0n)]);
    expect(invalidTx(await net.send(await net.relayer.sign("alice.test", [delegate])))).toEqual({
      ActionsValidation: "FunctionCallZeroAttachedGas",
    });
  });

  describe("by a function-call key", () => {
    const restricted = { receiverId: "guest-book.test", methodNames: ["add_message"], allowance: "1" };

    it("calls its methods, whatever its allowance: the relayer pays", async () => {
      const user = net.addAccount("app-user.test", 0n, restricted);
      const view = await relayed(user, "guest-book.test", [greet()]);
      expect(inner(view)?.status).toEqual({ SuccessValue: "" });
      const permission = net.chain.stateAt().accessKey(user.id, user.publicKey)?.permission;
      expect(permission).toMatchObject({ allowance: 1n });
    });

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
        [actions.functionCall("other", {}, TGAS, 0n)],
        { MethodNameMismatch: { method_name: "other" } },
      ],
    ] as const)("fails with %s", async (name, receiverId, list, error) => {
      const user = net.addAccount(`d-${name.replaceAll(" ", "-")}.test`, 0n, restricted);
      const view = await relayed(user, receiverId, [...list]);
      expect(failure(view)).toEqual({ DelegateActionAccessKeyError: error });
      expect(net.chain.stateAt().accessKey(user.id, user.publicKey)?.nonce).toBe(0n);
    });
  });
});
