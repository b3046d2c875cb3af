import { type Action, actions, KeyPair } from "near-api-js";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../random.ts";
import type { TestAccount } from "../testing/test-account.ts";
import { NEAR, TestDevnet } from "../testing/test-devnet.ts";

const TGAS = 10n ** 12n;
const ROUNDS = 120;

/** Transactions of every kind, many of which fail in some receipt or other. */
async function randomTransaction(net: TestDevnet, random: () => number, round: number) {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const amount = () => BigInt(Math.floor(random() * 1e6)) * 10n ** 18n;
  const key = () => KeyPair.fromRandom("ed25519").getPublicKey();
  const signer = pick([net.alice, net.bob, net.relayer]);
  const created = `n${round}`;
  const receivers = [
    "alice.test",
    "bob.test",
    "test",
    "guest-book.test",
    "nobody.test",
    `${created}.${signer.id}`,
  ];
  const implicit = Buffer.from(key().data).toString("hex");
  const call = (method: string, args: object) =>
    actions.functionCall(method, args, BigInt(1 + Math.floor(random() * 60)) * TGAS, amount());
  const one = (): Action =>
    pick([
      () => actions.transfer(amount()),
      () => call("add_message", { text: "x" }),
      () => call("create_account", { new_account_id: `${created}.test`, new_public_key: key().toString() }),
      () => call("create_account", { new_account_id: "bob.test", new_public_key: key().toString() }),
      () => actions.addFullAccessKey(key()),
      () => actions.createAccount(),
      () => actions.deployContract(new Uint8Array(Math.floor(random() * 300))),
    ])();
  const list = () => Array.from({ length: 1 + Math.floor(random() * 3) }, one);
  const receiver = pick([...receivers, implicit]);
  const sign = (account: TestAccount, to: string, what: Action[]) => account.sign(to, what);
  if (random() < 0.4) {
    const sender = pick([net.alice, net.bob]);
    return sign(signer, sender.id, [await sender.delegate(receiver, list())]);
  }
  if (random() < 0.1) {
    const heir = pick(["alice.test", "nobody.test"]);
    const doomed = net.addAccount(`doomed${round}.test`, NEAR);
    return sign(doomed, doomed.id, [actions.deleteAccount(heir)]);
  }
  return sign(signer, receiver, list());
}

describe("money", () => {
  it.each([1, 2, 3])("is neither made nor lost by random transactions (seed %i)", async (seed) => {
    const net = await TestDevnet.start({ blockTimeMs: undefined });
    const random = seededRandom(seed);
    try {
      const { chain } = net;
      const seen = new Set(["alice.test", "bob.test", "relayer.test", "test", "guest-book.test"]);
      const held = () => [...seen].reduce((sum, id) => sum + (chain.stateAt().account(id)?.amount ?? 0n), 0n);
      const supply = chain.totalSupply;
      expect(held()).toBe(supply);
      let added = 0n;
      let included = 0;
      for (let round = 0; round < ROUNDS; round++) {
        const existing = chain.totalSupply;
        const signed = await randomTransaction(net, random, round);
        added += chain.totalSupply - existing;
        seen.add(signed.transaction.transaction.signerId).add(signed.transaction.transaction.receiverId);
        const delegated =
          signed.transaction.transaction.actions[0]?.signedDelegate?.delegateAction.receiverId;
        if (delegated !== undefined) seen.add(delegated);
        seen.add(`n${round}.test`);
        const answer = await net.send(signed, "NONE");
        expect(answer.error).toBeUndefined();
        if (random() < 0.5) continue;
        chain.produceBlock();
      }
      for (let i = 0; chain.hasWork && i < 20; i++) chain.produceBlock();
      included = chain.log.length;
      expect(included).toBeGreaterThan(ROUNDS / 2);
      expect(chain.totalBurnt).toBeGreaterThan(0n);
      expect(held()).toBe(chain.totalSupply);
      expect(chain.totalSupply).toBe(supply + added - chain.totalBurnt);
    } finally {
      await net.stop();
    }
  });
});
