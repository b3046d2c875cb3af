import { BUDGET_AMOUNTS } from "./budget-amounts.ts";
import type { Budget } from "./budget-periods.ts";
import type { BudgetAmounts, BudgetLevel, BudgetReservation } from "./budget-types.ts";

/**
 * The first bound that the reservation would break. What it does not need cannot be lacking: a bound that is passed
 * already stops nothing that adds nothing to it.
 */
export function exhaustedBy(
  { amounts, limits }: BudgetReservation,
  budgets: readonly Budget[],
  uses: readonly BudgetAmounts[],
): BudgetLevel | undefined {
  return levelsOf(limits, budgets, uses).find(
    ({ amount, used, limit }) => amounts[amount] > 0n && used + amounts[amount] > limit,
  );
}

/** How every bounded amount stands. `uses` are those of the budgets, in their order. */
export function levelsOf(
  limits: BudgetReservation["limits"],
  budgets: readonly Budget[],
  uses: readonly BudgetAmounts[],
): BudgetLevel[] {
  const levels: BudgetLevel[] = [];
  for (const [i, { scope, period }] of budgets.entries()) {
    for (const amount of BUDGET_AMOUNTS) {
      const limit = limits[scope][amount];
      const used = uses[i]?.[amount];
      if (limit === undefined || used === undefined) continue;
      levels.push({ scope, amount, used, limit, resetsAt: period.endsAt });
    }
  }
  return levels;
}
