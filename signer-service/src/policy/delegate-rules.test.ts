import type { Action, DelegateAction, NonDelegateAction } from "@countersign/near";
import { describe, expect, it } from "vitest";
import {
  call,
  check,
  delegate,
  OTHER_KEY,
  outcome,
  policyFrom,
  RELAYER,
  transaction,
} from "../../../tests/signer/support/policy-checks.ts";

const POLICY = policyFrom({
  deposit_per_day: "1000",
  delegates: {
    max_gas: "100",
    max_deposit: "10",
    receivers: [
      { account: "guest-book.testnet", methods: ["add_message", "vote"] },
      { account: "*.app.testnet", methods: ["*"] },
      { account: "silent.testnet" },
    ],
    actions: ["FunctionCall", "Transfer"],
  },
});

const relay = (action: Action, policy = POLICY) => outcome(transaction({ actions: [action] }), policy);
const relayed = (fields: Partial<DelegateAction>, policy = POLICY) => relay(delegate(fields), policy);

describe("a delegate", () => {
  it("is relayed to its sender, and costs its inner deposits", async () => {
    const actions: NonDelegateAction[] = [call({ deposit: 3n }), { kind: "Transfer", deposit: 4n }];
    const checked = await check(transaction({ actions: [delegate({ actions })] }), POLICY);
    expect(checked).toMatchObject({ purpose: "DELEGATE", nonce: 42n, deposit: 7n });
  });

  it("must be alone, and go to its sender", async () => {
    const transfer: Action = { kind: "Transfer", deposit: 0n };
    for (const actions of [
      [delegate(), transfer],
      [transfer, delegate()],
      [delegate(), delegate()],
    ]) {
      expect(await outcome(transaction({ actions }), POLICY)).toBe("SIGNER_TRANSACTION_MALFORMED");
    }
    const toOther = transaction({ receiverId: "bob.testnet", actions: [delegate()] });
    expect(await outcome(toOther, POLICY)).toBe("SIGNER_TRANSACTION_MALFORMED");
  });

  it("must be signed by its sender as it is", async () => {
    const tampered: Partial<DelegateAction>[] = [
      { nonce: 9n },
      { maxBlockHeight: 1_001n },
      { receiverId: "x.app.testnet" },
      { publicKey: OTHER_KEY },
      { actions: [call({ deposit: 1n })] },
      { actions: [call(), call()] },
    ];
    for (const fields of tampered) {
      const { kind, signedDelegate } = delegate();
      const delegateAction = { ...signedDelegate.delegateAction, ...fields };
      const altered = { kind, signedDelegate: { ...signedDelegate, delegateAction } };
      expect(await relay(altered)).toBe("SIGNER_TRANSACTION_MALFORMED");
    }
    const { kind, signedDelegate } = delegate();
    const { type, data } = signedDelegate.signature;
    const flipped = { type, data: data.map((byte, i) => (i === 63 ? byte ^ 1 : byte)) };
    expect(await relay({ kind, signedDelegate: { ...signedDelegate, signature: flipped } })).toBe(
      "SIGNER_TRANSACTION_MALFORMED",
    );
  });

  it("may neither come from the relayer's account nor go to it, whatever the receivers are", async () => {
    const anywhere = policyFrom({ delegates: { receivers: [{ account: "*", methods: ["*"] }] } });
    const fromRelayer = delegate({ senderId: RELAYER });
    const bytes = transaction({ receiverId: RELAYER, actions: [fromRelayer] });
    expect(await outcome(bytes, anywhere)).toBe("SIGNER_POLICY_DENIED");
    expect(await relayed({ receiverId: RELAYER }, anywhere)).toBe("SIGNER_POLICY_DENIED");
    expect(await relayed({ receiverId: "other.testnet" }, anywhere)).toBe("DELEGATE");
  });
});

describe("a delegate's receiver and methods", () => {
  it.each([
    ["guest-book.testnet", "vote", "DELEGATE"],
    ["guest-book.testnet", "withdraw", "SIGNER_POLICY_DENIED"],
    ["x.app.testnet", "withdraw", "DELEGATE"],
    ["app.testnet", "vote", "SIGNER_POLICY_DENIED"],
    ["silent.testnet", "vote", "SIGNER_POLICY_DENIED"],
    ["mallory.testnet", "vote", "SIGNER_POLICY_DENIED"],
  ])("%s.%s: %s", async (receiverId, methodName, expected) => {
    expect(await relayed({ receiverId, actions: [call({ methodName })] })).toBe(expected);
  });

  it("are all looked at", async () => {
    const actions = [call({ methodName: "vote" }), call({ methodName: "withdraw" })];
    expect(await relayed({ actions })).toBe("SIGNER_POLICY_DENIED");
  });

  it("need no method for a transfer", async () => {
    const actions: NonDelegateAction[] = [{ kind: "Transfer", deposit: 1n }];
    expect(await relayed({ receiverId: "silent.testnet", actions })).toBe("DELEGATE");
  });

  it("may be the sender's own account", async () => {
    const own = policyFrom({ delegates: { receivers: [{ account: "@sender" }], actions: ["DeleteKey"] } });
    const actions: NonDelegateAction[] = [{ kind: "DeleteKey", publicKey: OTHER_KEY }];
    expect(await relayed({ receiverId: "alice.testnet", actions }, own)).toBe("DELEGATE");
    expect(await relayed({ receiverId: "bob.testnet", actions }, own)).toBe("SIGNER_POLICY_DENIED");
  });
});

describe("a delegate's inner actions", () => {
  it("are one at least", async () => {
    expect(await relayed({ actions: [] })).toBe("SIGNER_POLICY_DENIED");
  });

  const inner: NonDelegateAction[] = [
    { kind: "CreateAccount" },
    { kind: "DeployContract", code: new Uint8Array(3) },
    { kind: "Stake", stake: 0n, publicKey: OTHER_KEY },
    { kind: "AddKey", publicKey: OTHER_KEY, nonce: 0n, permission: { kind: "FullAccess" } },
    { kind: "DeleteKey", publicKey: OTHER_KEY },
    { kind: "DeleteAccount", beneficiaryId: "alice.testnet" },
  ];

  it.each(inner.map((action) => [action.kind, action] as const))(
    "%s is only for policies that list it",
    async (kind, action) => {
      const actions = [call(), action];
      expect(await relayed({ actions })).toBe("SIGNER_POLICY_DENIED");
      const receivers = [{ account: "guest-book.testnet", methods: ["vote"] }];
      const listed = policyFrom({ delegates: { receivers, actions: ["FunctionCall", kind] } });
      expect(await relayed({ actions }, listed)).toBe("DELEGATE");
    },
  );

  it("attach gas up to the limit, in all", async () => {
    const gas = (...amounts: bigint[]) => relayed({ actions: amounts.map((gas) => call({ gas })) });
    expect(await gas(60n, 40n)).toBe("DELEGATE");
    expect(await gas(60n, 41n)).toBe("SIGNER_LIMIT_EXCEEDED");
    expect(await gas(2n ** 64n - 1n, 2n ** 64n - 1n)).toBe("SIGNER_LIMIT_EXCEEDED");
  });

  it("move deposits up to the limit, in all", async () => {
    const moved = (deposit: bigint) =>
      relayed({ actions: [call({ deposit }), { kind: "Transfer", deposit: 4n }] });
    expect(await moved(6n)).toBe("DELEGATE");
    expect(await moved(7n)).toBe("SIGNER_LIMIT_EXCEEDED");
    expect(await moved(2n ** 128n - 1n)).toBe("SIGNER_LIMIT_EXCEEDED");
  });
});
