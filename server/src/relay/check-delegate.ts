import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import {
  Decision,
  type DelegateSummarySchema,
} from "@countersign/gen/countersign/relay/v1/delegate_check_pb.ts";
import type {
  CheckDelegateRequest,
  CheckDelegateResponseSchema,
} from "@countersign/gen/countersign/relay/v1/relay_pb.ts";
import type { NonDelegateAction } from "@countersign/near";
import { type Caller, callerOf } from "../access/caller.ts";
import type { BudgetStore } from "../ledger/ledger.ts";
import { type DecodedDelegate, type DelegateSubject, delegateSubject } from "../rules/delegate-subject.ts";
import { askAll, type Refusal, type Rule } from "../rules/rule.ts";
import type { Entitlement } from "../tx/intake.ts";
import { budgetRefusal, whileChainAnswers } from "../tx/intake-errors.ts";
import { delegateUndertaking } from "../tx/undertaking.ts";
import type { RelayContext } from "./relay-context.ts";
import { ruleResultMessage } from "./rule-result-message.ts";

const MAX_UINT64 = 2n ** 64n - 1n;

export function checkDelegate({ delegateRules, entitlementOf, pauseRefusal, ledger, now }: RelayContext) {
  return async (
    request: CheckDelegateRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof CheckDelegateResponseSchema>> => {
    const caller = callerOf(call.values);
    const entitlement = entitlementOf(caller);
    const subject = delegateSubject(entitlement.asker, request.network, request.signedDelegate);
    const rules: Rule<DelegateSubject>[] = [
      { name: "pause", check: () => pauseRefusal(caller.tenant, "SubmitDelegate") },
      ...delegateRules,
      { name: "budget", check: () => roomInBudgets(ledger, caller, entitlement, subject, now()) },
    ];
    const results = await whileChainAnswers(() => askAll(rules, subject));
    const refused = results.some(({ outcome }) => outcome === "failed");
    return {
      decision: refused ? Decision.REFUSED : Decision.ACCEPTABLE,
      rules: results.map(ruleResultMessage),
      ...(typeof subject.decoded === "string" ? {} : { delegate: summary(subject.decoded) }),
    };
  };
}

/** Looks without reserving: SubmitDelegate reserves in the transaction that accepts. */
async function roomInBudgets(
  ledger: BudgetStore,
  caller: Caller,
  { budgets }: Entitlement,
  subject: DelegateSubject,
  now: Date,
): Promise<Refusal | "skip" | undefined> {
  if (typeof subject.decoded === "string") return "skip";
  const { cost } = delegateUndertaking(subject);
  const reservation = { user: caller.budgetUser, amounts: cost, limits: budgets };
  const level = await ledger.findExhausted(caller.tenant, reservation, now);
  return level === undefined ? undefined : budgetRefusal(level, now);
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
