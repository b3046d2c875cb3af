import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { AcceptResult, BudgetLevel } from "../ledger/ledger.ts";
import { ChainError } from "../near/chain-error.ts";
import { refused } from "../rules/refused.ts";
import type { Refusal } from "../rules/rule.ts";

/** When a caller that came at a bad moment may try again, in milliseconds. */
const RETRY_AFTER_MS = 1_000;

export function keyReused(): DomainError {
  return new DomainError(
    ErrorReason.IDEMPOTENCY_KEY_REUSED,
    "this idempotency key was used before with another body",
  );
}

/** The error for what the ledger did not accept. */
export function notAccepted(
  result: Exclude<AcceptResult, { outcome: "accepted" | "repeated" }>,
  now: Date,
): DomainError {
  switch (result.outcome) {
    case "key-reused":
      return keyReused();
    case "replayed":
      return new DomainError(
        ErrorReason.DELEGATE_REPLAYED,
        "a delegate with this key and nonce was accepted before",
      );
    case "nonce-passed":
      return new DomainError(
        ErrorReason.DELEGATE_NONCE_TOO_LOW,
        "a delegate of this key with a higher nonce was accepted before",
      );
    case "account-busy":
      return new DomainError(ErrorReason.ACCOUNT_EXISTS, "this account is being created");
    case "queue-full":
      return new DomainError(ErrorReason.QUEUE_FULL, "too much unfinished work is queued", {
        retryAfterMs: RETRY_AFTER_MS,
      });
    case "budget-exhausted":
      return refused(budgetRefusal(result.level, now), result.level.scope);
  }
}

/**
 * Why a budget does not hold a submission. What is used stays untold: it is the tenant's business, and callers may
 * be anybody.
 */
export function budgetRefusal({ scope, amount, resetsAt }: BudgetLevel, now: Date): Refusal {
  const [whose, period] = scope.split("-");
  return {
    reason: ErrorReason.BUDGET_EXHAUSTED,
    message: `the ${whose}'s budget of ${amount} for this ${period} does not hold this`,
    retryAfterMs: Math.max(RETRY_AFTER_MS, resetsAt.getTime() - now.getTime()),
  };
}

/** Turns a chain that gave no usable answer into a refusal that a caller can act on. */
export async function whileChainAnswers<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    throw new DomainError(ErrorReason.CHAIN_UNAVAILABLE, "no NEAR endpoint gave a usable answer", {
      cause: error,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
}
