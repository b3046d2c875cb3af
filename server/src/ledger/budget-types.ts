/** Amounts of a budget; gas in gas units, deposit in yoctoNEAR. */
export interface BudgetAmounts {
  readonly accounts: bigint;
  readonly gas: bigint;
  readonly deposit: bigint;
}

/** Bounds of a budget; what is absent has none. */
export type BudgetLimits = Partial<BudgetAmounts>;

/** Whose budgets a submission counts towards, and how much it may cost at most. */
export interface BudgetReservation {
  /** Names the user within the tenant: its budgets are counted apart. Not empty. */
  readonly user: string;
  readonly amounts: BudgetAmounts;
  readonly limits: Readonly<Record<BudgetScope, BudgetLimits>>;
}

export const BUDGET_SCOPES = ["tenant-day", "tenant-month", "user-day", "user-month"] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

/** One amount of one budget after a reservation, or as it stood when a reservation did not fit. */
export interface BudgetLevel {
  readonly scope: BudgetScope;
  readonly amount: keyof BudgetAmounts;
  readonly used: bigint;
  readonly limit: bigint;
  /** When the period ends and the budget is whole again. */
  readonly resetsAt: Date;
}

export interface UsageQuery {
  /** Undefined for all. */
  readonly tenant: string | undefined;
  readonly by: "tenant" | "method" | "user";
  /** Submissions accepted since then. */
  readonly since: Date;
}

/** What its submissions have cost; those that are open have cost nothing yet. */
export interface UsageGroup extends BudgetAmounts {
  readonly tenant: string;
  /** The RPC, or the user as its reservations name it; empty when summed up by tenant. */
  readonly group: string;
  readonly submissions: bigint;
  readonly succeeded: bigint;
  /** On the chain, where they were paid for. */
  readonly failed: bigint;
  readonly tokensBurnt: bigint;
}

export interface BudgetStore {
  /** The first bound that the reservation would break now, or undefined. Reserves nothing. */
  findExhausted(tenant: string, reservation: BudgetReservation, at: Date): Promise<BudgetLevel | undefined>;
  /** What the tenant as a whole has used and reserved in the day and the month of `at`. */
  budgetUse(tenant: string, at: Date): Promise<{ readonly period: string; readonly used: BudgetAmounts }[]>;
  /** Sums up in pages, so that other work goes on. */
  usage(query: UsageQuery): Promise<UsageGroup[]>;
  /**
   * Forgets the amounts used in periods that ended before then, at most 1000 a call; answers how many. What a
   * submission reserved there is not settled any more: choose a time before anything that is still open.
   */
  pruneBudgets(before: Date): Promise<number>;
}
