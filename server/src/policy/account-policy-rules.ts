import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { parentAccountId } from "@countersign/near";
import type { AccountSubject } from "../rules/account-rules.ts";
import type { Rule } from "../rules/rule.ts";

/** What of an account's creation a policy looks at. */
export type PolicyAccount = Pick<AccountSubject, "asker" | "accountId" | "initialBalance">;

/** The rules of a tenant's policy for creating accounts. What the policy does not name is refused. */
export const accountPolicyRules: readonly Rule<PolicyAccount>[] = [
  {
    name: "policy_accounts",
    check: ({ asker }) =>
      asker.policy.accounts === undefined
        ? { reason: ErrorReason.POLICY_NOT_GRANTED, message: "the tenant's policy grants no accounts" }
        : undefined,
  },
  {
    name: "policy_account_suffix",
    check: ({ asker, accountId }) => {
      const suffixes = asker.policy.accounts?.suffixes;
      if (suffixes === undefined) return "skip";
      // One label before the suffix: "x.other.near" belongs to other.near, whoever may create under near.
      return suffixes.includes(`.${parentAccountId(accountId) ?? ""}`)
        ? undefined
        : {
            reason: ErrorReason.POLICY_ACCOUNT_NOT_ALLOWED,
            message: "the tenant's policy does not allow accounts of this name",
          };
    },
  },
  {
    name: "policy_initial_balance",
    check: ({ asker, initialBalance }) => {
      const most = asker.policy.accounts?.maxInitialBalance;
      if (most === undefined) return "skip";
      return initialBalance <= most
        ? undefined
        : {
            reason: ErrorReason.POLICY_BALANCE_TOO_HIGH,
            message: `initial_balance is ${initialBalance} yoctoNEAR, more than the tenant's policy allows: ${most}`,
          };
    },
  },
];
