import type { Asker } from "../rules/asker.ts";
import { delegateSubject } from "../rules/delegate-subject.ts";
import { askAll, type RuleResult } from "../rules/rule.ts";
import { accountPolicyRules } from "./account-policy-rules.ts";
import { delegatePolicyRules } from "./delegate-policy-rules.ts";
import type { Policy } from "./policy.ts";

/**
 * What a policy alone says of a SignedDelegate's borsh bytes, rule by rule; undefined when they cannot be read.
 * Neither the signature nor the chain is looked at.
 */
export async function testDelegatePolicy(
  policy: Policy,
  tenant: string,
  endUser: string | null,
  network: string,
  bytes: Uint8Array,
): Promise<RuleResult[] | undefined> {
  const subject = delegateSubject(askerOf(policy, tenant, endUser), network, bytes);
  return typeof subject.decoded === "string" ? undefined : askAll(delegatePolicyRules, subject);
}

/** What a policy alone says of an account to be created, rule by rule. `initialBalance` in yoctoNEAR. */
export async function testAccountPolicy(
  policy: Policy,
  tenant: string,
  endUser: string | null,
  account: { readonly accountId: string; readonly initialBalance: bigint },
): Promise<RuleResult[]> {
  return askAll(accountPolicyRules, { asker: askerOf(policy, tenant, endUser), ...account });
}

function askerOf(policy: Policy, tenant: string, endUser: string | null): Asker {
  return { tenant, endUser, policy, pausedActionKinds: new Set() };
}
