import type { Kysely, Transaction } from "kysely";
import { BUDGET_AMOUNTS, minus, NOTHING, plus } from "./budget-amounts.ts";
import { exhaustedBy, levelsOf } from "./budget-levels.ts";
import { type Budget, budgetsOf } from "./budget-periods.ts";
import { addToBudgets, type BudgetAddition, readBudgets } from "./budget-rows.ts";
import type { BudgetLevel, BudgetReservation } from "./budget-types.ts";
import type { Engine } from "./engine.ts";
import { inOrderOf } from "./lock-order.ts";
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

/** A reservation of one of a tenant's users, at the time of its submission. */
interface TimedReservation {
  readonly budget: BudgetReservation;
  readonly at: Date;
}

/** How the budgets stand after a reservation, or which of them does not hold it. */
type Reserved = { readonly exhausted: BudgetLevel } | { readonly levels: BudgetLevel[] };

/**
 * Counts reservations of one tenant towards their four budgets each, in the order given, whether they have a bound today
 * or not: one may be set later. When some do not fit, the transaction must be undone; the others fit without them. The
 * tenant's rows are hot: whatever comes after this keeps others waiting for them.
 */
export async function reserve(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  tenant: string,
  reservations: readonly TimedReservation[],
): Promise<Reserved[]> {
  const asked = reservations.map(({ budget, at }) => ({ budget, own: budgetsOf(tenant, budget.user, at) }));
  const sums = sumUp(asked);
  const additions = inOrderOf([...sums.values()], ({ budget: { user, period } }) => [user, period.name]);
  const after = await addToBudgets(engine, trx, additions);
  const uses = new Map(
    additions.map(({ budget, amounts }, i) => [nameOf(budget), minus(after[i] ?? amounts, amounts)]),
  );
  return asked.map(({ budget, own }) => {
    const before = own.map((one) => uses.get(nameOf(one)) ?? NOTHING);
    const exhausted = exhaustedBy(budget, own, before);
    if (exhausted !== undefined) return { exhausted };
    const then = before.map((used) => plus(used, budget.amounts));
    for (const [i, one] of own.entries()) uses.set(nameOf(one), then[i] ?? NOTHING);
    return { levels: levelsOf(budget.limits, own, then) };
  });
}

/** What all of them add to each budget. */
function sumUp(
  asked: readonly { readonly budget: BudgetReservation; readonly own: readonly Budget[] }[],
): Map<string, BudgetAddition> {
  const sums = new Map<string, BudgetAddition>();
  for (const { budget, own } of asked) {
    for (const one of own) {
      const amounts = plus(sums.get(nameOf(one))?.amounts ?? NOTHING, budget.amounts);
      sums.set(nameOf(one), { budget: one, amounts });
    }
  }
  return sums;
}

/** Names a budget within its tenant. */
function nameOf({ user, period }: Budget): string {
  return `${period.name} ${user}`;
}
