import type { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";

/** Why a rule does not hold. The message is for the caller. */
export interface Refusal {
  readonly reason: ErrorReason;
  readonly message: string;
  /** When it may hold again, in milliseconds; only for reasons that pass. */
  readonly retryAfterMs?: number;
}

/** How a rule came out; `refusal` is present exactly when it failed. */
export type RuleResult =
  | { readonly rule: string; readonly outcome: "passed" | "skipped" }
  | { readonly rule: string; readonly outcome: "failed"; readonly refusal: Refusal };

/**
 * One thing that must hold before anything is paid for. A rule that builds on what an earlier one establishes is
 * skipped without it.
 */
export interface Rule<Subject> {
  readonly name: string;
  /** Whether the ledger decides it as well, with the acceptance: then asking it before only costs a read. */
  readonly isDecidedByLedger?: boolean;
  /** Undefined when it holds, "skip" when what it builds on is missing. */
  readonly check: (subject: Subject) => Promise<Refusal | "skip" | undefined> | Refusal | "skip" | undefined;
}

/**
 * Asks the rules in order, up to and including the first that fails or cannot be asked. Those before it that the ledger
 * decides are asked then, and only then: one of them that fails is why.
 */
export async function firstRefusal<S>(rules: readonly Rule<S>[], subject: S): Promise<Refusal | undefined> {
  let refusal: Refusal | undefined;
  let failure: { readonly error: unknown } | undefined;
  const passedOver: Rule<S>[] = [];
  try {
    for (const rule of rules) {
      if (rule.isDecidedByLedger === true) passedOver.push(rule);
      else refusal = await refusalBy(rule, subject);
      if (refusal !== undefined) break;
    }
  } catch (error) {
    failure = { error };
  }
  if (refusal === undefined && failure === undefined) return undefined;
  for (const rule of passedOver) {
    const earlier = await refusalBy(rule, subject);
    if (earlier !== undefined) return earlier;
  }
  if (failure !== undefined) throw failure.error;
  return refusal;
}

async function refusalBy<S>(rule: Rule<S>, subject: S): Promise<Refusal | undefined> {
  const verdict = await rule.check(subject);
  return verdict === "skip" ? undefined : verdict;
}

/** Asks every rule, in order. */
export async function askAll<S>(rules: readonly Rule<S>[], subject: S): Promise<RuleResult[]> {
  const results: RuleResult[] = [];
  for (const rule of rules) {
    const verdict = await rule.check(subject);
    if (verdict === undefined) results.push({ rule: rule.name, outcome: "passed" });
    else if (verdict === "skip") results.push({ rule: rule.name, outcome: "skipped" });
    else results.push({ rule: rule.name, outcome: "failed", refusal: verdict });
  }
  return results;
}
