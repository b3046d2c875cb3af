import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  Decision,
  type DelegateSummarySchema,
  RuleOutcome,
} from "@countersign/gen/countersign/relay/v1/delegate_check_pb.ts";
import type {
  CheckDelegateRequest,
  CheckDelegateResponseSchema,
} from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import type { NonDelegateAction } from "@countersign/near";
import { type DecodedDelegate, delegateSubject } from "../rules/delegate-subject.ts";
import { askAll } from "../rules/rule.ts";
import { whileChainAnswers } from "../tx/intake.ts";
import type { RelayContext } from "./relay-context.ts";

const OUTCOMES = {
  passed: RuleOutcome.PASSED,
  failed: RuleOutcome.FAILED,
  skipped: RuleOutcome.SKIPPED,
} as const;

const MAX_UINT64 = 2n ** 64n - 1n;

export function checkDelegate({ delegateRules }: RelayContext) {
  return async (
    request: CheckDelegateRequest,
  ): Promise<MessageInitShape<typeof CheckDelegateResponseSchema>> => {
    const subject = delegateSubject(request.network, request.signedDelegate);
    const results = await whileChainAnswers(() => askAll(delegateRules, subject));
    const refused = results.some(({ outcome }) => outcome === "failed");
    return {
      decision: refused ? Decision.REFUSED : Decision.ACCEPTABLE,
      rules: results.map((result) => ({
        rule: result.rule,
        outcome: OUTCOMES[result.outcome],
        ...(result.outcome === "failed" ? result.refusal : {}),
      })),
      ...(typeof subject.decoded === "string" ? {} : { delegate: summary(subject.decoded) }),
    };
  };
}

function summary(decoded: DecodedDelegate): MessageInitShape<typeof DelegateSummarySchema> {
  const { action, publicKey, hashText, gas, deposit } = decoded;
  return {
    senderId: action.senderId,
    receiverId: action.receiverId,
    publicKey,
    nonce: action.nonce,
    maxBlockHeight: action.maxBlockHeight,
    delegateHash: hashText,
    actions: action.actions.map(actionSummary),
    gas: gas < MAX_UINT64 ? gas : MAX_UINT64,
    deposit: deposit.toString(),
  };
}

function actionSummary(action: NonDelegateAction) {
  const isCall = action.kind === "FunctionCall";
  const deposit = isCall || action.kind === "Transfer" ? action.deposit : 0n;
  return {
    kind: action.kind,
    method: isCall ? action.methodName : "",
    gas: isCall ? action.gas : 0n,
    deposit: deposit.toString(),
  };
}
