import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  RuleOutcome,
  type RuleResultSchema,
} from "@countersign/gen/countersign/relay/v1/delegate_check_pb.ts";
import type { RuleResult } from "../rules/rule.ts";

const OUTCOMES = {
  passed: RuleOutcome.PASSED,
  failed: RuleOutcome.FAILED,
  skipped: RuleOutcome.SKIPPED,
} as const;

/** The contract's message for how a rule came out. */
export function ruleResultMessage(result: RuleResult): MessageInitShape<typeof RuleResultSchema> {
  const { rule, outcome } = result;
  if (result.outcome !== "failed") return { rule, outcome: OUTCOMES[outcome] };
  const { reason, message } = result.refusal;
  return { rule, outcome: OUTCOMES[outcome], reason, message };
}
