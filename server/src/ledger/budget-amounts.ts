import type { BudgetAmounts } from "./budget-types.ts";

export const BUDGET_AMOUNTS = ["accounts", "gas", "deposit"] as const;

export const NOTHING: BudgetAmounts = { accounts: 0n, gas: 0n, deposit: 0n };

export function plus(a: BudgetAmounts, b: BudgetAmounts): BudgetAmounts {
  return { accounts: a.accounts + b.accounts, gas: a.gas + b.gas, deposit: a.deposit + b.deposit };
}

export function minus(a: BudgetAmounts, b: BudgetAmounts): BudgetAmounts {
  return { accounts: a.accounts - b.accounts, gas: a.gas - b.gas, deposit: a.deposit - b.deposit };
}

export function isNothing(amounts: BudgetAmounts): boolean {
  return BUDGET_AMOUNTS.every((amount) => amounts[amount] === 0n);
}

/** Amounts as columns hold them: decimal text, because they have 128 bits. */
export type AmountColumns = Record<keyof BudgetAmounts, string>;

export function toColumns({ accounts, gas, deposit }: BudgetAmounts): AmountColumns {
  return { accounts: accounts.toString(), gas: gas.toString(), deposit: deposit.toString() };
}

export function fromColumns({ accounts, gas, deposit }: AmountColumns): BudgetAmounts {
  return { accounts: BigInt(accounts), gas: BigInt(gas), deposit: BigInt(deposit) };
}
