import type { TransactionView } from "@countersign/devnet/testing/raw-rpc.ts";
import type { TestAccount } from "@countersign/devnet/testing/test-account.ts";
import { failure, NEAR, TestDevnet } from "@countersign/devnet/testing/test-devnet.ts";
import { type Action, decodeSignedTransaction, encodeSignedDelegate } from "@countersign/near";
import { accountGasBound, delegateGasBound } from "@countersign/server/budget/gas-bound.ts";
import { type AccountPayload, accountIntent, encodeAccountPayload } from "@countersign/server/tx/payload.ts";
import { actions, KeyPair, type Action as NearAction } from "near-api-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const TGAS = 10n ** 12n;
const newKey = () => KeyPair.fromRandom("ed25519").getPublicKey();
const implicit = () => Buffer.from(newKey().data).toString("hex");
const call = (method: string, args: object | Uint8Array, deposit = 0n, gas = 30n * TGAS) =>
  actions.functionCall(method, args, gas, deposit);
const limitedKey = () =>
  actions.addFunctionCallAccessKey(
    newKey(),
    "guest-book.test",
    Array.from({ length: 7 }, () => "m".repeat(256)),
    NEAR,
  );

/** Gas that the relayer paid for. Refunds cost nothing: their outcomes burn gas and no tokens. */
function charged(view: TransactionView): bigint {
  return [view.transaction_outcome, ...view.receipts_outcome]
    .filter(({ outcome }) => outcome.tokens_burnt !== "0")
    .reduce((sum, { outcome }) => sum + BigInt(outcome.gas_burnt), 0n);
}

describe("the bound on gas", () => {
  let net: TestDevnet;
  beforeAll(async () => {
    net = await TestDevnet.start();
  });
  afterAll(() => net.stop());

  /** Relays the actions in a delegate; the bound is close above what the relayer was charged. */
  async function relay(sender: TestAccount, receiverId: string, list: NearAction[]) {
    const signed = await net.relayer.sign(sender.id, [await sender.delegate(receiverId, list)]);
    const view = await net.run(signed);
    const [action] = decodeSignedTransaction(Buffer.from(signed.base64, "base64")).transaction.actions;
    if (action?.kind !== "Delegate") throw new Error("no delegate");
    const inner = action.signedDelegate.delegateAction.actions;
    const bound = delegateGasBound(inner, encodeSignedDelegate(action.signedDelegate).length);
    const attached = inner.reduce((sum, each) => sum + (each.kind === "FunctionCall" ? each.gas : 0n), 0n);
    const cost = charged(view);
    expect(bound).toBeGreaterThan(cost);
    expect(bound - attached).toBeLessThan(2n * cost + 10n * TGAS * BigInt(inner.length) + TGAS);
    return view.receipts_outcome.some(({ outcome }) => outcome.status.Failure !== undefined)
      ? "failed"
      : "succeeded";
  }

  const comesAndGoes = () => {
    const key = newKey();
    return [actions.addFullAccessKey(key), actions.deleteKey(key)];
  };
  const many = <T>(count: number, one: () => T): T[] => Array.from({ length: count }, one);
  it.each<[string, () => string, () => NearAction[]]>([
    ["a call", () => "guest-book.test", () => [call("add_message", { text: "x" })]],
    [
      "a call with 60 kB of arguments",
      () => "guest-book.test",
      () => [call("add_message", { text: "x".repeat(60_000) })],
    ],
    [
      "a call that calls on",
      () => "test",
      () => [
        call(
          "create_account",
          { new_account_id: "made.test", new_public_key: newKey().toString() },
          NEAR,
          100n * TGAS,
        ),
      ],
    ],
    ["ten calls", () => "guest-book.test", () => many(10, () => call("add_message", { text: "x" }))],
    ["a transfer", () => "bob.test", () => [actions.transfer(1n)]],
    ["a transfer that creates an account", implicit, () => [actions.transfer(NEAR)]],
    [
      "an account",
      () => "child.alice.test",
      () => [actions.createAccount(), actions.transfer(NEAR), actions.addFullAccessKey(newKey())],
    ],
    ["a contract", () => "alice.test", () => [actions.deployContract(new Uint8Array(60_000))]],
    ["keys with full access", () => "alice.test", () => many(50, () => actions.addFullAccessKey(newKey()))],
    ["a key with many methods", () => "alice.test", () => [limitedKey()]],
    ["a key that comes and goes", () => "alice.test", comesAndGoes],
  ])("is above what relaying %s costs, and not by much", async (_name, receiver, list) => {
    expect(await relay(net.alice, receiver(), list())).toBe("succeeded");
  });

  it.each<[string, string, () => NearAction[]]>([
    ["a call that needs more gas", "guest-book.test", () => [call("add_message", { text: "x" }, 0n, 1n)]],
    ["a call of a contract that is none", "bob.test", () => [call("f", {})]],
    ["transfers to an account that is none", "nobody.test", () => many(10, () => actions.transfer(NEAR))],
    ["an account that may not be", "child.bob.test", () => [actions.createAccount(), actions.transfer(NEAR)]],
    ["a stake too low for a validator", "alice.test", () => [actions.stake(5n * NEAR, newKey())]],
    ["a key taken away that is none", "alice.test", () => [actions.deleteKey(newKey())]],
  ])("is above what %s costs, which fails", async (_name, receiver, list) => {
    expect(await relay(net.alice, receiver, list())).toBe("failed");
  });

  it("is above what an account's end costs", async () => {
    const doomed = net.addAccount("doomed.test", NEAR);
    expect(await relay(doomed, doomed.id, [actions.deleteAccount("bob.test")])).toBe("succeeded");
  });

  const PAYLOAD: AccountPayload = {
    accountId: "new.relayer.test",
    publicKey: newKey().toString(),
    initialBalance: NEAR.toString(),
    registrationArgs: "",
  };
  const near = (list: readonly Action[]): NearAction[] =>
    list.map((action) => {
      switch (action.kind) {
        case "CreateAccount":
          return actions.createAccount();
        case "Transfer":
          return actions.transfer(action.deposit);
        case "AddKey":
          return actions.addFullAccessKey(newKey());
        case "FunctionCall":
          return actions.functionCall(action.methodName, action.args, action.gas, action.deposit);
        default:
          throw new Error(`no ${action.kind}`);
      }
    });

  it("is above what a sub-account costs", async () => {
    const payload = encodeAccountPayload(PAYLOAD);
    const intent = accountIntent(payload, undefined);
    const view = await net.run(await net.relayer.sign(intent.receiverId, near(intent.actions)));
    expect(failure(view)).toBeUndefined();
    const bound = accountGasBound(undefined, payload.length);
    expect(bound).toBeGreaterThan(charged(view));
    expect(bound).toBeLessThan(2n * charged(view) + 30n * TGAS);
  });

  it.each([
    ["", 100n * TGAS],
    // Written again, each of these numbers has 21 digits.
    [`{"many": [${many(1_600, () => "1e20").join(",")}]}`, 100n * TGAS],
    ["", TGAS],
  ])("is above what a registrar's call costs", async (registrationArgs, gas) => {
    const accountId = `new${registrationArgs.length}${gas}.test`;
    const payload = encodeAccountPayload({ ...PAYLOAD, accountId, registrationArgs });
    const registrar = { contractId: "test", method: "create_account", gas, passesRegistrationArgs: true };
    const intent = accountIntent(payload, registrar);
    const view = await net.run(await net.relayer.sign(intent.receiverId, near(intent.actions)));
    const bound = accountGasBound(gas, payload.length);
    expect(bound).toBeGreaterThan(charged(view));
    expect(bound - gas).toBeLessThan(30n * TGAS);
  });
});
