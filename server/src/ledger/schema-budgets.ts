/** A whole number as a decimal string: amounts have 128 bits. */
type Decimal = string;

/** What was used and reserved of a budget: never deleted before everything that counts towards it has ended. */
export interface BudgetUseTable {
  tenant: string;
  /** Empty for the tenant as a whole. */
  budget_user: string;
  /** "day:YYYY-MM-DD" or "month:YYYY-MM", in UTC. */
  period: string;
  /** Milliseconds since the epoch. */
  ends_at: bigint;
  accounts: Decimal;
  gas: Decimal;
  deposit: Decimal;
}
