import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  TestPolicyRequest,
  TestPolicyResponseSchema,
} from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { Decision } from "@countersign/gen/countersign/relay/v1/delegate_check_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { EMPTY_POLICY, type Policy } from "../../policy/policy.ts";
import { policyFromMessage, policyFromText } from "../../policy/policy-document.ts";
import { testAccountPolicy, testDelegatePolicy } from "../../policy/test-policy.ts";
import { ruleResultMessage } from "../../relay/rule-result-message.ts";
import type { RuleResult } from "../../rules/rule.ts";
import type { AdminContext } from "../admin-context.ts";
import { findTenant } from "../find-tenant.ts";

export function testPolicy(context: AdminContext) {
  return async (request: TestPolicyRequest): Promise<MessageInitShape<typeof TestPolicyResponseSchema>> => {
    await findTenant(context.ledger, request.tenant);
    const { policy, version } = await policyOf(context, request);
    const results = await ask(context, policy, request);
    const refused = results.some(({ outcome }) => outcome === "failed");
    return {
      decision: refused ? Decision.REFUSED : Decision.ACCEPTABLE,
      rules: results.map(ruleResultMessage),
      version,
    };
  };
}

async function policyOf(
  { ledger }: AdminContext,
  { tenant, draft }: TestPolicyRequest,
): Promise<{ policy: Policy; version: bigint }> {
  if (draft !== undefined) return { policy: policyFromMessage(draft), version: 0n };
  const current = await ledger.getDocument(tenant, "policy");
  if (current === undefined) return { policy: EMPTY_POLICY, version: 0n };
  return { policy: policyFromText(current.text), version: current.version };
}

async function ask(
  { network }: AdminContext,
  policy: Policy,
  { tenant, endUser, subject }: TestPolicyRequest,
): Promise<RuleResult[]> {
  const user = endUser === "" ? null : endUser;
  if (subject.case === "account") {
    const { accountId, initialBalance } = subject.value;
    const account = { accountId, initialBalance: BigInt(initialBalance) };
    return testAccountPolicy(policy, tenant, user, account);
  }
  const bytes = subject.value ?? new Uint8Array();
  const results = await testDelegatePolicy(policy, tenant, user, network, bytes);
  if (results !== undefined) return results;
  throw new DomainError(ErrorReason.DELEGATE_MALFORMED, "signed_delegate is not a SignedDelegate in borsh");
}
