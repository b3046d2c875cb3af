import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DelegatePolicySchema } from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { NonDelegateAction } from "@countersign/near";
import { reasonName } from "@countersign/service-kit";
import { describe, expect, it } from "vitest";
import { pausedDelegateRule } from "../rules/paused-kinds.ts";
import { askAll, firstRefusal } from "../rules/rule.ts";
import { delegatePolicyRules } from "./delegate-policy-rules.ts";
import { addKey, call, delegateBytes, NEAR, policyOf, subjectOf, TGAS, transfer } from "./policy-builders.ts";

type Fields = MessageInitShape<typeof DelegatePolicySchema>;

const VOTING: Fields = {
  allow: [{ receiver: "app.near", methods: ["vote"] }],
  actionKinds: ["FunctionCall"],
};
const ALL_KINDS = [
  "FunctionCall",
  "Transfer",
  "AddKey",
  "DeleteKey",
  "Stake",
  "CreateAccount",
  "DeployContract",
];

/** The reason for which a policy refuses a delegate from alice.near, or "passed". */
async function decide(fields: Fields, receiver: string, ...actions: NonDelegateAction[]): Promise<string> {
  const subject = subjectOf(policyOf({ delegates: fields }), delegateBytes(receiver, actions));
  const refusal = await firstRefusal(delegatePolicyRules, subject);
  return refusal === undefined ? "passed" : reasonName(refusal.reason);
}

describe("a policy for delegates", () => {
  it("that is missing refuses all", async () => {
    const subject = subjectOf(policyOf({}), delegateBytes("app.near", [call("vote")]));
    expect(await firstRefusal(delegatePolicyRules, subject)).toMatchObject({
      reason: ErrorReason.POLICY_NOT_GRANTED,
    });
    const results = await askAll(delegatePolicyRules, subject);
    expect(results.map(({ outcome }) => outcome)).toEqual(["failed", ...Array(6).fill("skipped")]);
  });

  it.each<[string, Fields]>([
    ["an empty policy", {}],
    ["no kinds", { ...VOTING, actionKinds: [] }],
    ["nothing allowed", { ...VOTING, allow: [] }],
  ])("with %s refuses all", async (_name, fields) => {
    expect(await decide(fields, "app.near", call("vote"))).not.toBe("passed");
  });

  it("skips what it cannot read: other rules refuse it", async () => {
    const results = await askAll(
      delegatePolicyRules,
      subjectOf(policyOf({ delegates: VOTING }), Buffer.of(1)),
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(["passed", ...Array(6).fill("skipped")]);
  });

  it("asks its rules in this order", () => {
    expect(delegatePolicyRules.map(({ name }) => name)).toEqual([
      "policy_delegates",
      "policy_action_kind",
      "policy_receiver",
      "policy_method",
      "policy_gas",
      "policy_deposit",
      "policy_condition",
    ]);
  });

  it.each<[string, Fields, string, NonDelegateAction[], string]>([
    ["the allowed method", VOTING, "app.near", [call("vote")], "passed"],
    ["the allowed method twice", VOTING, "app.near", [call("vote"), call("vote")], "passed"],
    ["another receiver", VOTING, "other.near", [call("vote")], "POLICY_RECEIVER_NOT_ALLOWED"],
    ["a receiver below", VOTING, "x.app.near", [call("vote")], "POLICY_RECEIVER_NOT_ALLOWED"],
    ["another method", VOTING, "app.near", [call("withdraw")], "POLICY_METHOD_NOT_ALLOWED"],
    [
      "another method last",
      VOTING,
      "app.near",
      [call("vote"), call("withdraw")],
      "POLICY_METHOD_NOT_ALLOWED",
    ],
    [
      "another method first",
      VOTING,
      "app.near",
      [call("withdraw"), call("vote")],
      "POLICY_METHOD_NOT_ALLOWED",
    ],
    ["a key beside the call", VOTING, "app.near", [call("vote"), addKey()], "POLICY_ACTION_NOT_ALLOWED"],
    [
      "a transfer of nothing beside the call",
      VOTING,
      "app.near",
      [call("vote"), transfer(0n)],
      "POLICY_ACTION_NOT_ALLOWED",
    ],
    [
      "a transfer before the call",
      VOTING,
      "app.near",
      [transfer(NEAR), call("vote")],
      "POLICY_ACTION_NOT_ALLOWED",
    ],
    ["a deposit", VOTING, "app.near", [call("vote", { deposit: 1n })], "POLICY_DEPOSIT_TOO_HIGH"],
    [
      "a deposit last",
      VOTING,
      "app.near",
      [call("vote"), call("vote", { deposit: 1n })],
      "POLICY_DEPOSIT_TOO_HIGH",
    ],
  ])("decides of %s", async (_name, fields, receiver, actions, decision) => {
    expect(await decide(fields, receiver, ...actions)).toBe(decision);
  });

  it("takes every kind alone, and each only when it is named", async () => {
    const key = { type: "ed25519", data: new Uint8Array(32) } as const;
    const actions: NonDelegateAction[] = [
      { kind: "CreateAccount" },
      { kind: "DeployContract", code: new Uint8Array(3) },
      call("f"),
      transfer(0n),
      { kind: "Stake", stake: NEAR, publicKey: key },
      addKey(),
      { kind: "DeleteKey", publicKey: key },
      { kind: "DeleteAccount", beneficiaryId: "bob.near" },
    ];
    const kinds = actions.map(({ kind }) => kind);
    for (const action of actions) {
      const others = kinds.filter((kind) => kind !== action.kind);
      const fields = (actionKinds: string[]): Fields => ({ allow: [{ receiver: "*" }], actionKinds });
      expect(await decide(fields([action.kind]), "app.near", action)).toBe("passed");
      expect(await decide(fields(others), "app.near", action)).toBe("POLICY_ACTION_NOT_ALLOWED");
    }
  });

  it("refuses a denied receiver whatever is allowed", async () => {
    const deny = (receiver: string, ...methods: string[]): Fields => ({
      allow: [{ receiver: "*" }, { receiver: "bad.near", methods: ["vote"] }],
      deny: [{ receiver, methods }],
      actionKinds: ALL_KINDS,
    });
    expect(await decide(deny("bad.near"), "bad.near", call("vote"))).toBe("POLICY_RECEIVER_NOT_ALLOWED");
    expect(await decide(deny("bad.near"), "good.near", call("vote"))).toBe("passed");
    expect(await decide(deny("*"), "good.near", call("vote"))).toBe("POLICY_RECEIVER_NOT_ALLOWED");
    expect(await decide(deny("*.near"), "bad.near", transfer(0n))).toBe("POLICY_RECEIVER_NOT_ALLOWED");
    expect(await decide(deny("@sender"), "alice.near", addKey())).toBe("POLICY_RECEIVER_NOT_ALLOWED");
    expect(await decide(deny("@sender"), "bad.near", addKey())).toBe("passed");
  });

  it("refuses a denied method whatever is allowed, and nothing else at its receiver", async () => {
    const fields: Fields = {
      allow: [
        { receiver: "*.near", methods: [] },
        { receiver: "bad.near", methods: ["*"] },
      ],
      deny: [{ receiver: "bad.near", methods: ["*_all", "withdraw"] }],
      actionKinds: ALL_KINDS,
    };
    expect(await decide(fields, "bad.near", call("vote"), transfer(0n))).toBe("passed");
    expect(await decide(fields, "bad.near", call("withdraw"))).toBe("POLICY_METHOD_NOT_ALLOWED");
    expect(await decide(fields, "bad.near", call("vote"), call("withdraw_all"))).toBe(
      "POLICY_METHOD_NOT_ALLOWED",
    );
    expect(await decide(fields, "good.near", call("withdraw"))).toBe("passed");
  });

  it("allows a method at the receivers of its own entry alone", async () => {
    const fields: Fields = {
      allow: [
        { receiver: "a.near", methods: ["vote"] },
        { receiver: "b.near", methods: ["pay"] },
        { receiver: "*.c.near", methods: ["*_call"] },
      ],
      actionKinds: ["FunctionCall"],
    };
    expect(await decide(fields, "a.near", call("pay"))).toBe("POLICY_METHOD_NOT_ALLOWED");
    expect(await decide(fields, "b.near", call("pay"))).toBe("passed");
    expect(await decide(fields, "x.c.near", call("ft_transfer_call"))).toBe("passed");
    expect(await decide(fields, "c.near", call("ft_transfer_call"))).toBe("POLICY_RECEIVER_NOT_ALLOWED");
    expect(await decide(fields, "evilc.near", call("ft_transfer_call"))).toBe("POLICY_RECEIVER_NOT_ALLOWED");
  });

  it("knows the sender as a receiver, and no other", async () => {
    const fields: Fields = { allow: [{ receiver: "@sender" }], actionKinds: ["AddKey"] };
    expect(await decide(fields, "alice.near", addKey())).toBe("passed");
    expect(await decide(fields, "bob.near", addKey())).toBe("POLICY_RECEIVER_NOT_ALLOWED");
  });

  it("counts gas and deposits of all actions together", async () => {
    const fields: Fields = {
      allow: [{ receiver: "*" }],
      actionKinds: ["FunctionCall", "Transfer"],
      maxGas: 3n * TGAS,
      maxDeposit: "10",
    };
    const two = (gas: bigint, deposit: bigint) => [
      call("f", { gas, deposit }),
      call("g", { gas: TGAS, deposit: 4n }),
    ];
    expect(await decide(fields, "app.near", ...two(2n * TGAS, 6n))).toBe("passed");
    expect(await decide(fields, "app.near", ...two(2n * TGAS + 1n, 6n))).toBe("POLICY_GAS_TOO_HIGH");
    expect(await decide(fields, "app.near", ...two(TGAS, 7n))).toBe("POLICY_DEPOSIT_TOO_HIGH");
    expect(await decide(fields, "app.near", ...two(TGAS, 5n), transfer(1n))).toBe("passed");
    expect(await decide(fields, "app.near", ...two(TGAS, 5n), transfer(2n))).toBe("POLICY_DEPOSIT_TOO_HIGH");
    const { maxGas: _, ...unbounded } = fields;
    expect(await decide(unbounded, "app.near", ...two(2n ** 64n - 1n, 0n))).toBe("passed");
  });

  it("holds its condition beside all else", async () => {
    const fields = (condition: string): Fields => ({ ...VOTING, condition });
    expect(await decide(fields('end_user == "user-1"'), "app.near", call("vote"))).toBe("passed");
    expect(await decide(fields("false"), "app.near", call("vote"))).toBe("POLICY_CONDITION_NOT_MET");
    expect(await decide(fields("true"), "app.near", call("pay"))).toBe("POLICY_METHOD_NOT_ALLOWED");
    expect(await decide(fields("1 / 0 == 1"), "app.near", call("vote"))).toBe("POLICY_CONDITION_NOT_MET");
    const many = Array.from({ length: 101 }, () => call("vote"));
    expect(await decide(fields("true"), "app.near", ...many)).toBe("POLICY_CONDITION_NOT_MET");
  });
});

describe("a paused kind", () => {
  it("refuses a delegate that holds it, with a time to ask again", () => {
    const paused = { pausedActionKinds: new Set(["AddKey"]) };
    const check = (...actions: NonDelegateAction[]) =>
      pausedDelegateRule.check(subjectOf(policyOf({}), delegateBytes("app.near", actions), paused));
    expect(check(call("vote"))).toBeUndefined();
    expect(check(call("vote"), addKey())).toMatchObject({
      reason: ErrorReason.PAUSED,
      retryAfterMs: expect.any(Number),
    });
    expect(pausedDelegateRule.check(subjectOf(policyOf({}), Buffer.of(1), paused))).toBe("skip");
  });
});
