import { fromJsonString, toJson } from "@bufbuild/protobuf";
import {
  type AccountPolicy as AccountPolicyMessage,
  type DelegatePolicy as DelegatePolicyMessage,
  type Policy as PolicyMessage,
  PolicySchema,
  type Target as TargetMessage,
} from "@countersign/gen/countersign/admin/v1/policy_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { isValidAccountId } from "@countersign/near";
import { DomainError } from "@countersign/service-kit";
import { ACTION_KINDS } from "./action-kinds.ts";
import { ConditionError, compileCondition } from "./condition.ts";
import { isOrigin } from "./origins.ts";
import { isMethodPattern, isReceiverPattern } from "./patterns.ts";
import type { AccountPolicy, Condition, DelegatePolicy, Policy, Target } from "./policy.ts";

/**
 * Reads a policy whose schema was checked. Throws DomainError POLICY_INVALID for what the schema cannot say; the
 * message names the field.
 */
export function policyFromMessage(message: PolicyMessage): Policy {
  eachIs(
    message.allowedOrigins,
    "allowed_origins",
    isOrigin,
    'is not an origin such as "https://wallet.example"',
  );
  return {
    allowedOrigins: [...message.allowedOrigins],
    delegates: message.delegates === undefined ? undefined : delegatesFrom(message.delegates),
    accounts: message.accounts === undefined ? undefined : accountsFrom(message.accounts),
  };
}

/** The ledger's text of a policy: protobuf's JSON. The same message gives the same text. */
export function policyText(message: PolicyMessage): string {
  return JSON.stringify(toJson(PolicySchema, message));
}

/** Reads the ledger's text of a policy. Throws as policyFromMessage, and for text that policyText does not give. */
export function policyFromText(text: string): Policy {
  return policyFromMessage(fromJsonString(PolicySchema, text));
}

function delegatesFrom(message: DelegatePolicyMessage): DelegatePolicy {
  eachIs(
    message.actionKinds,
    "delegates.action_kinds",
    (kind) => ACTION_KINDS.has(kind),
    `is none of ${[...ACTION_KINDS].join(", ")}`,
  );
  return {
    allow: targetsFrom(message.allow, "delegates.allow"),
    deny: targetsFrom(message.deny, "delegates.deny"),
    actionKinds: [...message.actionKinds],
    maxGas: message.maxGas === 0n ? undefined : message.maxGas,
    maxDeposit: BigInt(message.maxDeposit),
    condition: message.condition === "" ? undefined : conditionFrom(message.condition),
  };
}

function targetsFrom(messages: readonly TargetMessage[], field: string): Target[] {
  return messages.map(({ receiver, methods }, i) => {
    const at = `${field}[${i}]`;
    if (!isReceiverPattern(receiver)) {
      throw invalid(`${at}.receiver`, 'is neither an account, "*." and an account, "*" nor "@sender"');
    }
    eachIs(methods, `${at}.methods`, isMethodPattern, 'is neither a method, "*" and an ending, nor "*"');
    return { receiver, methods: [...methods] };
  });
}

function accountsFrom({ suffixes, maxInitialBalance }: AccountPolicyMessage): AccountPolicy {
  const isSuffix = (suffix: string) => suffix.startsWith(".") && isValidAccountId(suffix.slice(1));
  eachIs(suffixes, "accounts.suffixes", isSuffix, 'is not "." and an account');
  return { suffixes: [...suffixes], maxInitialBalance: BigInt(maxInitialBalance) };
}

function conditionFrom(source: string): Condition {
  try {
    return compileCondition(source);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    throw invalid("delegates.condition", `cannot be used: ${error.message}`, error);
  }
}

function eachIs(
  values: readonly string[],
  field: string,
  is: (value: string) => boolean,
  complaint: string,
): void {
  const i = values.findIndex((value) => !is(value));
  if (i !== -1) throw invalid(`${field}[${i}]`, complaint);
}

function invalid(field: string, complaint: string, cause?: unknown): DomainError {
  return new DomainError(ErrorReason.POLICY_INVALID, `${field} ${complaint}`, { cause });
}
