import type { Kysely, Transaction } from "kysely";
import { BUDGET_AMOUNTS, minus } from "./budget-amounts.ts";
import { exhaustedBy, levelsOf } from "./budget-levels.ts";
import { budgetsOf } from "./budget-periods.ts";
import { addToBudgets, readBudgets } from "./budget-rows.ts";
import type { BudgetLevel, BudgetReservation } from "./budget-types.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";

/** Throws RangeError for a reservation that could not be counted. */
export function checkReservation({ user, amounts }: BudgetReservation): void {
  if (user === "")
    throw new RangeError("a reservation names no user: the tenant as a whole has the empty name");
  for (const amount of BUDGET_AMOUNTS) {
    if (amounts[amount] < 0n) throw new RangeError(`a reservation of ${amount} is negative`);
  }
}

/** The first bound that the reservation would break now. */
export async function findExhausted(
  db: Kysely<LedgerSchema>,
  tenant: string,
  reservation: BudgetReservation,
  at: Date,
): Promise<BudgetLevel | undefined> {
  checkReservation(reservation);
  const budgets = budgetsOf(tenant, reservation.user, at);
  return exhaustedBy(reservation, budgets, await readBudgets(db, budgets));
}

/**
 * Counts the reservation towards its four budgets, whether they have a bound today or not: one may be set later. When
 * it does not fit, the transaction must be undone. The tenant's rows are hot: whatever comes after this keeps others
 * waiting for them.
 */
export async function reserve(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  tenant: string,
  reservation: BudgetReservation,
  at: Date,
): Promise<{ readonly exhausted: BudgetLevel } | { readonly levels: BudgetLevel[] }> {
  const { user, amounts, limits } = reservation;
  const budgets = budgetsOf(tenant, user, at);
  const after = await addToBudgets(engine, trx, budgets, amounts);
  const before = after.map((used) => minus(used, amounts));
  const exhausted = exhaustedBy(reservation, budgets, before);
  return exhausted === undefined ? { levels: levelsOf(limits, budgets, after) } : { exhausted };
}
