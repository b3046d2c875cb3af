import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AccountPolicySchema } from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { describe, expect, it } from "vitest";
import type { Asker } from "../rules/asker.ts";
import { pausedAccountRule } from "../rules/paused-kinds.ts";
import { firstRefusal } from "../rules/rule.ts";
import { accountPolicyRules } from "./account-policy-rules.ts";
import type { Policy } from "./policy.ts";
import { NEAR, policyOf } from "./policy-builders.ts";

const askerOf = (policy: Policy, pausedKinds: string[] = []): Asker => ({
  tenant: "acme",
  endUser: null,
  policy,
  pausedActionKinds: new Set(pausedKinds),
});

async function decide(
  accounts: MessageInitShape<typeof AccountPolicySchema> | undefined,
  accountId: string,
  initialBalance = 0n,
): Promise<string> {
  const asker = askerOf(policyOf(accounts === undefined ? {} : { accounts }));
  const refusal = await firstRefusal(accountPolicyRules, { asker, accountId, initialBalance });
  return refusal === undefined ? "passed" : reasonName(refusal.reason);
}

describe("a policy for accounts", () => {
  it("that is missing refuses all", async () => {
    expect(await decide(undefined, "x.app.near")).toBe("POLICY_NOT_GRANTED");
  });

  it("that is empty refuses all", async () => {
    expect(await decide({}, "x.app.near")).toBe("POLICY_ACCOUNT_NOT_ALLOWED");
    expect(await decide({}, "near")).toBe("POLICY_ACCOUNT_NOT_ALLOWED");
  });

  it.each([
    ["x.app.near", "passed"],
    ["x.near", "passed"],
    ["x.y.app.near", "POLICY_ACCOUNT_NOT_ALLOWED"],
    ["x.other.near", "POLICY_ACCOUNT_NOT_ALLOWED"],
    ["app.near.evil", "POLICY_ACCOUNT_NOT_ALLOWED"],
    ["xapp.test", "POLICY_ACCOUNT_NOT_ALLOWED"],
    ["near", "POLICY_ACCOUNT_NOT_ALLOWED"],
    ["", "POLICY_ACCOUNT_NOT_ALLOWED"],
  ])("decides of %s: %s", async (accountId, decision) => {
    expect(await decide({ suffixes: [".app.near", ".near"] }, accountId)).toBe(decision);
  });

  it("bounds what an account is given", async () => {
    const fields = { suffixes: [".near"], maxInitialBalance: NEAR.toString() };
    expect(await decide(fields, "x.near", NEAR)).toBe("passed");
    expect(await decide(fields, "x.near", NEAR + 1n)).toBe("POLICY_BALANCE_TOO_HIGH");
    expect(await decide({ suffixes: [".near"] }, "x.near", 1n)).toBe("POLICY_BALANCE_TOO_HIGH");
  });
});

describe("paused creations", () => {
  it("refuse an account", () => {
    expect(pausedAccountRule.check({ asker: askerOf(policyOf({}), ["Transfer"]) })).toBeUndefined();
    expect(pausedAccountRule.check({ asker: askerOf(policyOf({}), ["CreateAccount"]) })).toMatchObject({
      retryAfterMs: expect.any(Number),
    });
  });
});
