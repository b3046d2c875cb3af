import type { BudgetScope } from "./budget-types.ts";

/** A day or a month in UTC. */
export interface Period {
  /** "day:YYYY-MM-DD" or "month:YYYY-MM". */
  readonly name: string;
  /** The start of the next one. */
  readonly endsAt: Date;
}

function dayOf(at: Date): Period {
  return {
    name: `day:${at.toISOString().slice(0, 10)}`,
    endsAt: new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() + 1)),
  };
}

function monthOf(at: Date): Period {
  return {
    name: `month:${at.toISOString().slice(0, 7)}`,
    endsAt: new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1)),
  };
}

/** A budget that a submission counts towards. */
export interface Budget {
  readonly scope: BudgetScope;
  readonly tenant: string;
  /** Empty for the tenant as a whole. */
  readonly user: string;
  readonly period: Period;
}

/**
 * The four budgets of a submission that was accepted at this time. Transactions lock those of several in the order of
 * user and period, and so the tenant's, whose user is empty, before its users': else two could wait for each other.
 */
export function budgetsOf(tenant: string, user: string, at: Date): Budget[] {
  const day = dayOf(at);
  const month = monthOf(at);
  return [
    { scope: "tenant-day", tenant, user: "", period: day },
    { scope: "tenant-month", tenant, user: "", period: month },
    { scope: "user-day", tenant, user, period: day },
    { scope: "user-month", tenant, user, period: month },
  ];
}
