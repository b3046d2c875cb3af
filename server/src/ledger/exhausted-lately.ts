import type { BudgetLevel } from "./budget-types.ts";

/** How long a refusal makes another one likely, in milliseconds. */
const LATELY_MS = 1_000;
/** Budgets that are remembered; of more, the oldest are forgotten. */
const MAX_BUDGETS = 1_000;

/**
 * Whose budgets refused something within the last second. It decides nothing: it tells for whom a look at the budget
 * is worth the time, before a transaction locks its rows only to be undone.
 */
export class ExhaustedLately {
  /** By budget, the time in milliseconds; oldest first. */
  readonly #budgets = new Map<string, number>();

  note(tenant: string, user: string, { scope }: BudgetLevel, at: Date): void {
    const budget = nameOf(tenant, scope.startsWith("tenant-") ? "" : user);
    this.#budgets.delete(budget);
    this.#budgets.set(budget, at.getTime());
    for (const oldest of this.#budgets.keys()) {
      if (this.#budgets.size <= MAX_BUDGETS) break;
      this.#budgets.delete(oldest);
    }
  }

  /** Whether the tenant's budget or its user's is among them. */
  has(tenant: string, user: string, at: Date): boolean {
    return ["", user].some((name) => {
      const noted = this.#budgets.get(nameOf(tenant, name));
      return noted !== undefined && at.getTime() < noted + LATELY_MS;
    });
  }
}

/** A tenant as a whole has the empty name. */
function nameOf(tenant: string, user: string): string {
  return JSON.stringify([tenant, user]);
}
