import { type Action, actions, KeyPair } from "near-api-js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestAccount } from "../testing/test-account.ts";
import { burnt, failure, NEAR, TestDevnet } from "../testing/test-devnet.ts";

const TGAS = 10n ** 12n;
const newKey = () => KeyPair.fromRandom("ed25519").getPublicKey();
const birth = (deposit = 0n): Action[] => [
  actions.createAccount(),
  actions.transfer(deposit),
  actions.addFullAccessKey(newKey()),
];

describe("account actions", () => {
  let net: TestDevnet;
  beforeAll(async () => {
    net = await TestDevnet.start();
  });
  afterAll(() => net.stop());

  it("create a sub-account with a balance and a key whose nonce starts from the block's height", async () => {
    const pair = KeyPair.fromRandom("ed25519");
    const list = [
      actions.createAccount(),
      actions.transfer(NEAR),
      actions.addFullAccessKey(pair.getPublicKey()),
    ];
    const view = await net.run(await net.alice.sign("child.alice.test", list));
    expect(failure(view)).toBeUndefined();
    const child = new TestAccount(net.chain, "child.alice.test", pair);
    expect(child.balance).toBe(NEAR);
    const executedAt = net.chain.blockByHash(view.receipts_outcome[0]?.block_hash ?? "")?.height ?? 0n;
    expect(net.chain.stateAt().accessKey(child.id, child.publicKey)?.nonce).toBe(
      (executedAt - 1n) * 1_000_000n,
    );
    expect(failure(await net.run(await child.sign("bob.test", [actions.transfer(1n)])))).toBeUndefined();
  });

  it.each([
    ["another's sub-account", "child.bob.test", "CreateAccountNotAllowed"],
    ["a sub-account's sub-account", "a.b.alice.test", "CreateAccountNotAllowed"],
    ["a short top-level account", "short", "CreateAccountOnlyByRegistrar"],
    ["a name that is taken", "bob.test", "AccountAlreadyExists"],
    ["an implicit account", "ab".repeat(32), "OnlyImplicitAccountCreationAllowed"],
    ["an Ethereum-like account", `0x${"ab".repeat(20)}`, "OnlyImplicitAccountCreationAllowed"],
  ])("do not create %s, and the deposit comes back", async (_name, id, error) => {
    const before = net.alice.balance;
    const view = await net.run(await net.alice.sign(id, birth(NEAR)));
    expect(failure(view)).toMatchObject({ [error]: { account_id: id } });
    expect(before - net.alice.balance).toBe(burnt(view));
  });

  it("are rolled back together when the last one fails", async () => {
    const extra = newKey();
    const list = [
      actions.addFullAccessKey(extra),
      actions.transfer(NEAR),
      actions.addFullAccessKey(net.alice.pair.getPublicKey()),
    ];
    const before = net.alice.balance;
    const view = await net.run(await net.alice.sign("alice.test", list));
    expect(view.status.Failure).toEqual({
      ActionError: {
        index: 2,
        kind: { AddKeyAlreadyExists: { account_id: "alice.test", public_key: net.alice.publicKey } },
      },
    });
    expect(net.chain.stateAt().accessKey("alice.test", extra.toString())).toBeUndefined();
    expect(before - net.alice.balance).toBe(burnt(view));
  });

  it("use up the nonce even when they fail", async () => {
    const signed = await net.alice.sign("nobody.test", [actions.transfer(1n)]);
    const view = await net.run(signed);
    expect(failure(view)).toEqual({ AccountDoesNotExist: { account_id: "nobody.test" } });
    expect(net.chain.stateAt().accessKey("alice.test", net.alice.publicKey)?.nonce).toBe(
      BigInt(view.transaction.nonce),
    );
  });

  it("on another's account need its permission", async () => {
    const view = await net.run(await net.alice.sign("bob.test", [actions.addFullAccessKey(newKey())]));
    expect(failure(view)).toEqual({ ActorNoPermission: { account_id: "bob.test", actor_id: "alice.test" } });
  });

  it("delete a key once", async () => {
    const user = net.addAccount("keys.test", NEAR);
    const extra = newKey();
    await net.run(await user.sign(user.id, [actions.addFullAccessKey(extra)]));
    expect(failure(await net.run(await user.sign(user.id, [actions.deleteKey(extra)])))).toBeUndefined();
    const again = await net.run(await user.sign(user.id, [actions.deleteKey(extra)]));
    expect(failure(again)).toEqual({
      DeleteKeyDoesNotExist: { account_id: user.id, public_key: extra.toString() },
    });
  });

  it("delete an account and give what it owned to the beneficiary", async () => {
    const user = net.addAccount("leaving.test", NEAR);
    const before = net.bob.balance;
    const view = await net.run(await user.sign(user.id, [actions.deleteAccount("bob.test")]));
    expect(net.chain.stateAt().account(user.id)).toBeUndefined();
    expect(net.chain.stateAt().publicKeys(user.id)).toEqual([]);
    expect(net.bob.balance - before).toBe(NEAR - burnt(view));
  });

  it("burn what a deleted account leaves to nobody", async () => {
    const user = net.addAccount("last-will.test", NEAR);
    const before = net.chain.totalBurnt;
    await net.run(await user.sign(user.id, [actions.deleteAccount("nobody.test")]));
    expect(net.chain.totalBurnt - before).toBe(NEAR);
  });

  it("do not let an account fall below what its storage costs", async () => {
    const user = net.addAccount("stored.test", NEAR / 100n);
    const code = new Uint8Array(1_000);
    const view = await net.run(await user.sign(user.id, [actions.deployContract(code)]));
    expect(failure(view)).toMatchObject({ LackBalanceForState: { account_id: user.id } });
    expect(net.chain.stateAt().account(user.id)?.codeLength).toBe(0n);
  });

  it("deploy a built-in contract that can be called from then on", async () => {
    const user = net.addAccount("my-book.test", NEAR);
    const code = new TextEncoder().encode("devnet-contract:guest-book");
    await net.run(await user.sign(user.id, [actions.deployContract(code)]));
    const greet = actions.functionCall("add_message", { text: "mine" }, 30n * TGAS, 0n);
    expect(failure(await net.run(await net.bob.sign(user.id, [greet])))).toBeUndefined();
  });

  it("refuse every stake, as there is one validator for good", async () => {
    const stake = await net.run(await net.alice.sign("alice.test", [actions.stake(NEAR, newKey())]));
    expect(failure(stake)).toMatchObject({ InsufficientStake: { account_id: "alice.test" } });
    const tooMuch = await net.run(
      await net.alice.sign("alice.test", [actions.stake(1000n * NEAR, newKey())]),
    );
    expect(failure(tooMuch)).toMatchObject({ TriesToStake: { account_id: "alice.test" } });
    const nothing = await net.run(await net.alice.sign("alice.test", [actions.stake(0n, newKey())]));
    expect(failure(nothing)).toEqual({ TriesToUnstake: { account_id: "alice.test" } });
  });
});

describe("an implicit account", () => {
  let net: TestDevnet;
  beforeAll(async () => {
    net = await TestDevnet.start();
  });
  afterAll(() => net.stop());

  const holder = (n: TestDevnet) => {
    const pair = KeyPair.fromRandom("ed25519");
    return new TestAccount(n.chain, Buffer.from(pair.getPublicKey().data).toString("hex"), pair);
  };

  it("comes to be by a transfer, and its key's holder can use it", async () => {
    const user = holder(net);
    await net.run(await net.alice.sign(user.id, [actions.transfer(NEAR)]));
    expect(user.balance).toBe(NEAR);
    expect(failure(await net.run(await user.sign("bob.test", [actions.transfer(1n)])))).toBeUndefined();
  });

  it("does not come to be by a transfer beside other actions", async () => {
    const user = holder(net);
    const list = [actions.transfer(NEAR), actions.transfer(1n)];
    const view = await net.run(await net.alice.sign(user.id, list));
    expect(failure(view)).toEqual({ AccountDoesNotExist: { account_id: user.id } });
  });

  it("costs the creation's gas beside the transfer's", async () => {
    const plain = await net.run(await net.alice.sign("bob.test", [actions.transfer(1n)]));
    const creating = await net.run(await net.alice.sign(holder(net).id, [actions.transfer(1n)]));
    expect(burnt(creating)).toBeGreaterThan(burnt(plain) + 7n * TGAS * 100_000_000n);
  });
});
