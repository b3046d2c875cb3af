import type { MessageInitShape } from "@bufbuild/protobuf";
import type { DelegatePolicySchema } from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import type { NonDelegateAction } from "@countersign/near";
import { delegatePolicyRules } from "@countersign/server/policy/delegate-policy-rules.ts";
import {
  addKey,
  call,
  delegateBytes,
  policyOf,
  subjectOf,
  transfer,
} from "@countersign/server/policy/policy-builders.ts";
import { firstRefusal } from "@countersign/server/rules/rule.ts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

type Fields = MessageInitShape<typeof DelegatePolicySchema>;
interface Entry {
  readonly receiver: string;
  readonly methods: string[];
}

const SENDERS = ["app.near", "x.app.near", "alice.near"];
const receivers = fc.constantFrom("app.near", "x.app.near", "evilapp.near", "y.x.app.near", "alice.near");
const methods = fc.constantFrom("vote", "cast_vote", "_vote", "withdraw", "");
const small = fc.bigInt({ min: 0n, max: 6n });

const action: fc.Arbitrary<NonDelegateAction> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .record({ method: methods, gas: small, deposit: small })
      .map(({ method, ...said }) => call(method, said)),
  },
  { weight: 1, arbitrary: small.map(transfer) },
  { weight: 1, arbitrary: fc.constant(addKey()) },
);
const entry: fc.Arbitrary<Entry> = fc.record({
  receiver: fc.oneof(receivers, fc.constantFrom("*", "*.app.near", "*.near", "@sender")),
  methods: fc.array(
    fc.oneof(
      methods.filter((name) => name !== ""),
      fc.constantFrom("*", "*_vote"),
    ),
    { maxLength: 3 },
  ),
});
const policy = fc.record({
  allow: fc.array(entry, { maxLength: 4 }),
  deny: fc.array(entry, { maxLength: 2 }),
  actionKinds: fc.subarray(["FunctionCall", "Transfer", "AddKey"]),
  maxGas: small,
  maxDeposit: small,
  condition: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
});
type Drawn = typeof policy extends fc.Arbitrary<infer T> ? T : never;

/** The patterns once more, as regular expressions. */
function stands(pattern: string, name: string, sender: string): boolean {
  if (pattern === "@sender") return name === sender;
  const source = pattern.split("*").map((part) => part.replaceAll(".", "\\."));
  return new RegExp(`^${source.join(pattern === "*" ? ".*" : ".+")}$`).test(name);
}

/** The contract's comments, said bound by bound. */
function bounds(
  drawn: Drawn,
  sender: string,
  receiver: string,
  actions: readonly NonDelegateAction[],
): boolean[] {
  const here = (entries: readonly Entry[]) =>
    entries.filter((each) => stands(each.receiver, receiver, sender));
  const calls = actions.flatMap((each) => (each.kind === "FunctionCall" ? [each] : []));
  const named = (each: Entry, method: string) =>
    each.methods.some((pattern) => stands(pattern, method, sender));
  const sum = (amounts: readonly bigint[]) => amounts.reduce((a, b) => a + b, 0n);
  const deposits = actions.map((each) =>
    each.kind === "FunctionCall" || each.kind === "Transfer" ? each.deposit : 0n,
  );
  return [
    actions.every(({ kind }) => drawn.actionKinds.some((allowed) => allowed === kind)),
    here(drawn.allow).length > 0,
    here(drawn.deny).every((each) => each.methods.length > 0),
    calls.every(({ methodName }) =>
      here(drawn.allow).some((each) => each.methods.length === 0 || named(each, methodName)),
    ),
    calls.every(({ methodName }) => here(drawn.deny).every((each) => !named(each, methodName))),
    drawn.maxGas === 0n || sum(calls.map(({ gas }) => gas)) <= drawn.maxGas,
    sum(deposits) <= drawn.maxDeposit,
    drawn.condition === undefined || actions.length <= drawn.condition,
  ];
}

function fieldsOf({ maxDeposit, condition, ...same }: Drawn): Fields {
  return {
    ...same,
    maxDeposit: maxDeposit.toString(),
    condition: condition === undefined ? "" : `size(actions) <= ${condition}`,
  };
}

describe("a policy", () => {
  it("passes a delegate exactly when each of its bounds holds", async () => {
    let passed = 0;
    const sender = fc.constantFrom(...SENDERS);
    const actions = fc.array(action, { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(policy, sender, receivers, actions, async (drawn, senderId, receiverId, list) => {
        const bytes = delegateBytes(receiverId, list, senderId);
        const subject = subjectOf(policyOf({ delegates: fieldsOf(drawn) }), bytes);
        const refusal = await firstRefusal(delegatePolicyRules, subject);
        expect(refusal === undefined).toBe(bounds(drawn, senderId, receiverId, list).every(Boolean));
        if (refusal === undefined) passed++;
      }),
      { numRuns: 3_000 },
    );
    // Enough of them pass that this says something about passing.
    expect(passed).toBeGreaterThan(20);
  });
});
