import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { DecodedDelegate, DelegateSubject } from "../rules/delegate-subject.ts";
import type { Refusal, Rule } from "../rules/rule.ts";
import { conditionVariables } from "./condition-variables.ts";
import { matchesName, matchesReceiver } from "./patterns.ts";
import type { Condition, DelegatePolicy, Target } from "./policy.ts";

type Check = (policy: DelegatePolicy, delegate: DecodedDelegate) => Refusal | undefined;

/** Holds back where the policy grants no delegates at all, or the bytes are none: other rules refuse those. */
function ofGranted(name: string, check: Check): Rule<DelegateSubject> {
  return {
    name,
    check: ({ asker, decoded }) => {
      const policy = asker.policy.delegates;
      return policy === undefined || typeof decoded === "string" ? "skip" : check(policy, decoded);
    },
  };
}

/**
 * The rules of a tenant's policy for delegates. They need nothing but the bytes, and what the policy does not name
 * is refused.
 */
export const delegatePolicyRules: readonly Rule<DelegateSubject>[] = [
  {
    name: "policy_delegates",
    check: ({ asker }) =>
      asker.policy.delegates === undefined
        ? { reason: ErrorReason.POLICY_NOT_GRANTED, message: "the tenant's policy grants no delegates" }
        : undefined,
  },
  ofGranted("policy_action_kind", ({ actionKinds }, { action }) => {
    const other = action.actions.find(({ kind }) => !actionKinds.includes(kind));
    return other === undefined
      ? undefined
      : {
          reason: ErrorReason.POLICY_ACTION_NOT_ALLOWED,
          message: `the tenant's policy does not allow action ${other.kind}`,
        };
  }),
  ofGranted("policy_receiver", receiverRefusal),
  ofGranted("policy_method", methodRefusal),
  ofGranted("policy_gas", ({ maxGas }, { gas }) =>
    maxGas === undefined || gas <= maxGas
      ? undefined
      : {
          reason: ErrorReason.POLICY_GAS_TOO_HIGH,
          message: `the actions attach ${gas} gas, more than the tenant's policy allows: ${maxGas}`,
        },
  ),
  ofGranted("policy_deposit", ({ maxDeposit }, { deposit }) =>
    deposit <= maxDeposit
      ? undefined
      : {
          reason: ErrorReason.POLICY_DEPOSIT_TOO_HIGH,
          message: `the actions move ${deposit} yoctoNEAR, more than the tenant's policy allows: ${maxDeposit}`,
        },
  ),
  {
    name: "policy_condition",
    check: (subject) => {
      const policy = subject.asker.policy.delegates;
      if (policy === undefined || typeof subject.decoded === "string") return "skip";
      return policy.condition === undefined ? undefined : conditionRefusal(policy.condition, subject);
    },
  },
];

function targetsOf(targets: readonly Target[], { action }: DecodedDelegate): Target[] {
  return targets.filter(({ receiver }) => matchesReceiver(receiver, action.receiverId, action.senderId));
}

function receiverRefusal(policy: DelegatePolicy, delegate: DecodedDelegate): Refusal | undefined {
  const denied = targetsOf(policy.deny, delegate).some(({ methods }) => methods.length === 0);
  if (!denied && targetsOf(policy.allow, delegate).length > 0) return undefined;
  return {
    reason: ErrorReason.POLICY_RECEIVER_NOT_ALLOWED,
    message: `the tenant's policy does not allow receiver ${delegate.action.receiverId}`,
  };
}

function methodRefusal(policy: DelegatePolicy, delegate: DecodedDelegate): Refusal | undefined {
  const allow = targetsOf(policy.allow, delegate);
  const deny = targetsOf(policy.deny, delegate);
  const names = (methods: readonly string[], method: string) =>
    methods.some((pattern) => matchesName(pattern, method));
  const refused = delegate.action.actions.some(
    (action) =>
      action.kind === "FunctionCall" &&
      (deny.some(({ methods }) => names(methods, action.methodName)) ||
        !allow.some(({ methods }) => methods.length === 0 || names(methods, action.methodName))),
  );
  return refused
    ? {
        reason: ErrorReason.POLICY_METHOD_NOT_ALLOWED,
        message: `the tenant's policy does not allow every method that is called at ${delegate.action.receiverId}`,
      }
    : undefined;
}

function conditionRefusal(condition: Condition, subject: DelegateSubject): Refusal | undefined {
  const variables = conditionVariables(subject);
  const holds =
    variables === undefined ? "the delegate has too many actions for it" : condition.holds(variables);
  if (holds === true) return undefined;
  return {
    reason: ErrorReason.POLICY_CONDITION_NOT_MET,
    message: `the condition of the tenant's policy is not met${holds === false ? "" : `: ${holds}`}`,
  };
}
