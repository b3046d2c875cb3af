import { describe, expect, it } from "vitest";
import { call, delegateBytes, policyOf } from "./policy-builders.ts";
import { testAccountPolicy, testDelegatePolicy } from "./test-policy.ts";

const POLICY = policyOf({
  delegates: {
    allow: [{ receiver: "app.near" }],
    actionKinds: ["FunctionCall"],
    condition: 'tenant == "acme" && end_user == "u"',
  },
  accounts: { suffixes: [".app.near"], maxInitialBalance: "5" },
});

const outcomes = (results: readonly { outcome: string }[] | undefined) =>
  results?.map(({ outcome }) => outcome);

describe("asking a policy", () => {
  it("explains a delegate rule by rule", async () => {
    const bytes = delegateBytes("app.near", [call("vote", { deposit: 1n })]);
    const passed = Array(5).fill("passed");
    expect(outcomes(await testDelegatePolicy(POLICY, "acme", "u", "testnet", bytes))).toEqual([
      ...passed,
      "failed",
      "passed",
    ]);
    expect(outcomes(await testDelegatePolicy(POLICY, "acme", null, "testnet", bytes))).toEqual([
      ...passed,
      "failed",
      "failed",
    ]);
  });

  it("gives nothing for bytes that are no delegate", async () => {
    expect(await testDelegatePolicy(POLICY, "acme", "u", "testnet", Buffer.of(1, 2))).toBeUndefined();
  });

  it("explains an account rule by rule", async () => {
    const account = { accountId: "x.near", initialBalance: 5n };
    expect(outcomes(await testAccountPolicy(POLICY, "acme", "u", account))).toEqual([
      "passed",
      "failed",
      "passed",
    ]);
  });
});
