import { type AccessKeyPermission, type Action, formatPublicKey } from "@countersign/near";
import { describe, expect, it } from "vitest";
import {
  call,
  check,
  OTHER_KEY,
  outcome,
  policyFrom,
  RELAYER,
  transaction,
} from "../../../tests/signer/support/policy-checks.ts";

const POLICY = policyFrom({
  deposit_per_day: "1000",
  account_creation: {
    suffixes: [`.${RELAYER}`, ".testnet"],
    registrar: { account: "testnet", method: "create_account" },
    max_deposit: "10",
    max_gas: "100",
  },
});

function creation(deposit = 0n): [Action, Action, Extract<Action, { kind: "AddKey" }>] {
  return [
    { kind: "CreateAccount" },
    { kind: "Transfer", deposit },
    { kind: "AddKey", publicKey: OTHER_KEY, nonce: 0n, permission: { kind: "FullAccess" } },
  ];
}

describe("a sub-account", () => {
  const created = (receiverId: string, actions: Action[], policy = POLICY) =>
    outcome(transaction({ receiverId, actions }), policy);

  it("is created with a deposit up to the limit", async () => {
    const receiverId = `new.${RELAYER}`;
    const checked = await check(transaction({ receiverId, actions: creation(10n) }), POLICY);
    expect(checked).toMatchObject({ purpose: "ACCOUNT_CREATION", nonce: 42n, deposit: 10n });
    expect(await created(receiverId, creation(11n))).toBe("SIGNER_LIMIT_EXCEEDED");
  });

  it("must be directly below the relayer's account, and below a suffix", async () => {
    for (const receiverId of [RELAYER, "new.testnet", `a.b.${RELAYER}`, `new-${RELAYER}`]) {
      expect(await created(receiverId, creation())).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    }
    const elsewhere = policyFrom({ account_creation: { suffixes: [".testnet"] } });
    expect(await created(`new.${RELAYER}`, creation(), elsewhere)).toBe("SIGNER_POLICY_DENIED");
    expect(await created(`new.${RELAYER}`, creation(), policyFrom({}))).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
  });

  it("takes these three actions and no others", async () => {
    const [create, transfer, addKey] = creation();
    const limited: AccessKeyPermission = {
      kind: "FunctionCall",
      allowance: null,
      receiverId: "a.near",
      methodNames: [],
    };
    const others: Action[][] = [
      [create, addKey, transfer],
      [create, transfer],
      [create, transfer, addKey, addKey],
      [create, transfer, addKey, { kind: "DeployContract", code: new Uint8Array() }],
      [create, transfer, { ...addKey, nonce: 1n }],
      [create, transfer, { ...addKey, permission: limited }],
    ];
    for (const actions of others) {
      expect(await created(`new.${RELAYER}`, actions)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    }
  });
});

describe("a registrar's call", () => {
  const ARGUMENTS = { new_account_id: "new.testnet", new_public_key: formatPublicKey(OTHER_KEY) };
  const called = (args: unknown, fields: object = {}, policy = POLICY) => {
    const text = typeof args === "string" ? args : JSON.stringify(args);
    const action = call({ methodName: "create_account", args: Buffer.from(text), ...fields });
    return outcome(transaction({ receiverId: "testnet", actions: [action] }), policy);
  };

  it("creates an account with deposit and gas up to the limits", async () => {
    expect(await called(ARGUMENTS, { deposit: 10n, gas: 100n })).toBe("ACCOUNT_CREATION");
    expect(await called(ARGUMENTS, { deposit: 11n })).toBe("SIGNER_LIMIT_EXCEEDED");
    expect(await called(ARGUMENTS, { gas: 101n })).toBe("SIGNER_LIMIT_EXCEEDED");
  });

  it("must be the configured method of the configured contract, alone", async () => {
    expect(await called(ARGUMENTS, { methodName: "withdraw" })).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    const action = call({ methodName: "create_account", args: Buffer.from(JSON.stringify(ARGUMENTS)) });
    const elsewhere = transaction({ receiverId: "mallory.testnet", actions: [action] });
    expect(await outcome(elsewhere, POLICY)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    const twice = transaction({ receiverId: "testnet", actions: [action, action] });
    expect(await outcome(twice, POLICY)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
    const none = policyFrom({ account_creation: { suffixes: [".testnet"] } });
    expect(await called(ARGUMENTS, {}, none)).toBe("SIGNER_PURPOSE_NOT_ALLOWED");
  });

  it.each(["x.other.testnet", "a.b.testnet", "near", "newtestnet"])("does not create %s", async (name) => {
    expect(await called({ ...ARGUMENTS, new_account_id: name })).toBe("SIGNER_POLICY_DENIED");
  });

  it("carries further arguments only where the policy says so", async () => {
    const more = { options: { contract: "x" }, ...ARGUMENTS };
    expect(await called(more)).toBe("SIGNER_POLICY_DENIED");
    const registrar = { account: "testnet", method: "create_account", extra_arguments: true };
    const liberal = policyFrom({ account_creation: { suffixes: [".testnet"], registrar } });
    expect(await called(more, {}, liberal)).toBe("ACCOUNT_CREATION");
  });

  const { new_account_id: id, new_public_key: key } = ARGUMENTS;
  it.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["white space", JSON.stringify(ARGUMENTS, null, 1)],
    [
      "a field twice",
      `{"new_account_id":"x.evil.testnet","new_account_id":"${id}","new_public_key":"${key}"}`,
    ],
    ["an escaped field", `{"new_account_i\\u0064":"${id}","new_public_key":"${key}"}`],
    ["no account", { new_public_key: key }],
    ["an account that is a list", { ...ARGUMENTS, new_account_id: [id] }],
    ["a name that NEAR does not take", { ...ARGUMENTS, new_account_id: "New.testnet" }],
    ["no key", { new_account_id: id }],
    ["a key that is none", { ...ARGUMENTS, new_public_key: "ed25519:abc" }],
    ["more than 32 KiB", { ...ARGUMENTS, more: "x".repeat(32_768) }],
    ["deep nesting", `${"[".repeat(30_000)}`],
  ])("is not understood with %s", async (_, args) => {
    expect(await called(args)).toBe("SIGNER_TRANSACTION_MALFORMED");
  });

  it("is not understood with bytes that are not UTF-8", async () => {
    expect(await called("", { args: new Uint8Array([0xff, 0xfe]) })).toBe("SIGNER_TRANSACTION_MALFORMED");
  });
});
