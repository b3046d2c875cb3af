import { type Action, actions, KeyPair } from "near-api-js";
import type { Attack } from "./attack.ts";
import { rawTransaction, TAG, transfer, u8 } from "./hand-made-borsh.ts";
import { APP, MAX_ACTIONS, MAX_DEPOSIT, RELAYER } from "./relayer-keys.ts";
import { ALICE, type DelegateParts, delegate, MALLORY, malloryKey, vote } from "./transactions.ts";

const GAS_LIMIT = 300_000_000_000_000n;

function relayed(name: string, reason: string, parts: DelegateParts, receiverId?: string): Attack {
  const sender = parts.senderId ?? ALICE;
  const make: Attack["make"] = async (t) => t.bytes("relayer", receiverId ?? sender, [await delegate(parts)]);
  return { name, reason, make };
}

const denied = (name: string, parts: DelegateParts) => relayed(name, "SIGNER_POLICY_DENIED", parts);
const overLimit = (name: string, ...all: Action[]) =>
  relayed(name, "SIGNER_LIMIT_EXCEEDED", { actions: all });
const inner = (name: string, action: Action) =>
  denied(`a delegate that ${name}`, { receiverId: ALICE, actions: [action] });

function malformed(name: string, all: () => Promise<Action[]>): Attack {
  const reason = "SIGNER_TRANSACTION_MALFORMED";
  return { name, reason, make: async (t) => t.bytes("relayer", ALICE, await all()) };
}

/** The delegate within a Delegate action. */
function within(action: Action) {
  if (action.signedDelegate === undefined) throw new Error("no delegate");
  return action.signedDelegate;
}

/** A delegate with the signature of another one. */
async function swapped(parts: DelegateParts = {}): Promise<Action> {
  const pair = KeyPair.fromRandom("ed25519");
  const [wanted, given] = [
    await delegate({ pair, ...parts }),
    await delegate({ pair, senderId: "bob.testnet" }),
  ];
  within(wanted).signature = within(given).signature;
  return wanted;
}

/** Delegates that the relay may not carry. */
export const DELEGATE_ATTACKS: readonly Attack[] = [
  denied("a delegate to another app", { receiverId: MALLORY }),
  denied("a delegate to a sub-account of the app", { receiverId: `x.${APP}` }),
  denied("a delegate to its own sender", { receiverId: ALICE }),
  denied("a delegate to another method", { actions: [actions.functionCall("withdraw", {}, 1n, 0n)] }),
  denied("a delegate to another method behind an allowed one", {
    actions: [vote(), actions.functionCall("withdraw", {}, 1n, 0n)],
  }),
  denied("a delegate to a method with the allowed one as its beginning", {
    actions: [actions.functionCall("vote_all", {}, 1n, 0n)],
  }),
  denied("a delegate that does nothing", { actions: [] }),
  denied("a delegate of the relay's own account", { senderId: RELAYER }),
  denied("a delegate to the relay's own account", { receiverId: RELAYER }),
  overLimit("a delegate of 1 yocto too much", vote(MAX_DEPOSIT + 1n)),
  overLimit("a delegate of 1 yocto too much in all", vote(MAX_DEPOSIT), vote(1n)),
  overLimit("a delegate whose deposits are 2^128 in all", vote(2n ** 127n), vote(2n ** 127n)),
  overLimit("a delegate of 1 gas too much", vote(0n, GAS_LIMIT), vote(0n, 1n)),
  overLimit("a delegate whose gas is 2^64 in all", vote(0n, 2n ** 63n), vote(0n, 2n ** 63n)),
  overLimit("a delegate of one action too many", ...Array.from({ length: MAX_ACTIONS + 1 }, () => vote())),
  inner("adds the attacker's key", actions.addFullAccessKey(malloryKey)),
  inner("deletes a key", actions.deleteKey(malloryKey)),
  inner("deploys a contract", actions.deployContract(new Uint8Array(8))),
  inner("deletes its account", actions.deleteAccount(MALLORY)),
  inner("moves NEAR", actions.transfer(1n)),
  inner("stakes", actions.stake(1n, malloryKey)),
  inner("creates an account", actions.createAccount()),
  relayed("a delegate to another receiver than its sender", "SIGNER_TRANSACTION_MALFORMED", {}, MALLORY),
  relayed("a delegate to the relay's own account as receiver", "SIGNER_TRANSACTION_MALFORMED", {}, RELAYER),
  malformed("a delegate whose nonce was changed", async () => {
    const action = await delegate();
    within(action).delegateAction.nonce += 1n;
    return [action];
  }),
  malformed("a delegate whose sender was changed", async () => {
    const action = await delegate({ senderId: "bob.testnet" });
    within(action).delegateAction.senderId = ALICE;
    return [action];
  }),
  malformed("a delegate with the signature of another one", async () => [await swapped()]),
  malformed("a delegate that somebody else signed", async () => {
    const [action, theirs] = [await delegate(), await delegate({ pair: KeyPair.fromRandom("ed25519") })];
    within(action).signature = within(theirs).signature;
    return [action];
  }),
  malformed("a delegate of an Ed25519 key with a secp256k1 signature", async () => {
    const [action, theirs] = [await delegate(), await delegate({ pair: KeyPair.fromRandom("secp256k1") })];
    within(action).signature = within(theirs).signature;
    return [action];
  }),
  malformed("a delegate before a transfer", async () => [await delegate(), actions.transfer(1n)]),
  malformed("a delegate behind a transfer", async () => [actions.transfer(1n), await delegate()]),
  malformed("a delegate before an access key", async () => [
    await delegate(),
    actions.addFullAccessKey(malloryKey),
  ]),
  malformed("two delegates", async () => [await delegate(), await delegate()]),
  {
    name: "a delegate within a delegate",
    reason: "SIGNER_TRANSACTION_MALFORMED",
    async make(t) {
      const publicKey = t.publicKey("relayer");
      const bytesOf = async (all: Action[]) =>
        delegateBytes(t.bytes("relayer", ALICE, [await delegate({ actions: all })]));
      const [outer, nested] = [await bytesOf([actions.transfer(0n)]), await bytesOf([vote()])];
      const at = outer.indexOf(transfer(0n));
      const forged = [outer.subarray(0, at), u8(TAG.delegate), nested, outer.subarray(at + 17)];
      const names = { signerId: RELAYER, publicKey, nonce: t.nextNonce("relayer"), receiverId: ALICE };
      return rawTransaction({ ...names, count: 1, actions: Buffer.concat([u8(TAG.delegate), ...forged]) });
    },
  },
];

/** The delegate that the one action of a transaction of "relayer" to ALICE holds. */
function delegateBytes(transaction: Uint8Array): Buffer {
  const head = 4 + RELAYER.length + 33 + 8 + 4 + ALICE.length + 32 + 4 + 1;
  return Buffer.from(transaction.subarray(head));
}
