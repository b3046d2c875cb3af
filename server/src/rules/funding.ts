import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { FundingState } from "../balance/balance-breaker.ts";
import type { Rule } from "./rule.ts";

/** When a caller may look again whether the relayer was topped up, in milliseconds. */
const RETRY_AFTER_MS = 30_000;

/** Refuses delegates while the relayer's balance is too low for anything. */
export function delegateFundingRule(state: () => FundingState): Rule<unknown> {
  return fundingRule(() => state() === "CLOSED");
}

/** Refuses account creations while the relayer's balance is too low for them. */
export function accountFundingRule(state: () => FundingState): Rule<unknown> {
  return fundingRule(() => state() !== "OPEN");
}

function fundingRule(isStopped: () => boolean): Rule<unknown> {
  return {
    name: "funding",
    check: () =>
      isStopped()
        ? {
            reason: ErrorReason.RELAYER_BALANCE_LOW,
            message: "the relayer's account holds too little to go on",
            retryAfterMs: RETRY_AFTER_MS,
          }
        : undefined,
  };
}
