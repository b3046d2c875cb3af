import type { BudgetLevel } from "../ledger/ledger.ts";

/** Percent of a limit from which a budget is low. */
const LOW_PERCENT = 80n;
/** Budgets that are remembered as told; beyond that, all are forgotten and may be told again. */
const MAX_TOLD = 10_000;

export interface BudgetEvents {
  budgetLow(event: { tenant: string } & BudgetLevel): void;
  budgetExhausted(event: { tenant: string } & BudgetLevel): void;
}

/** Tells once a period of each budget that becomes low, and of each one that did not hold a submission. */
export class BudgetWatch {
  readonly #events: BudgetEvents;
  readonly #told = new Set<string>();

  constructor(events: BudgetEvents) {
    this.#events = events;
  }

  /** After a submission was accepted. */
  accepted(tenant: string, user: string, levels: readonly BudgetLevel[]): void {
    for (const level of levels) {
      // Of a limit of 0, nothing used is 80 percent too.
      if (level.used === 0n) continue;
      if (level.used * 100n >= level.limit * LOW_PERCENT && this.#isNew("low", tenant, user, level)) {
        this.#events.budgetLow({ tenant, ...level });
      }
    }
  }

  /** After a submission did not fit. */
  exhausted(tenant: string, user: string, level: BudgetLevel): void {
    if (this.#isNew("exhausted", tenant, user, level)) this.#events.budgetExhausted({ tenant, ...level });
  }

  #isNew(what: string, tenant: string, user: string, { scope, amount, resetsAt }: BudgetLevel): boolean {
    const whose = scope.startsWith("user") ? user : "";
    const key = JSON.stringify([what, tenant, whose, scope, amount, resetsAt.getTime()]);
    if (this.#told.has(key)) return false;
    if (this.#told.size >= MAX_TOLD) this.#told.clear();
    this.#told.add(key);
    return true;
  }
}
