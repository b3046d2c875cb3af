import { RowsStatement, toMillis } from "@countersign/sql";
import { type Kysely, sql, type Transaction } from "kysely";
import { type AmountColumns, fromColumns, NOTHING, plus, toColumns } from "./budget-amounts.ts";
import { type Budget, budgetsOf } from "./budget-periods.ts";
import type { BudgetAmounts } from "./budget-types.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";

const COLUMNS = ["tenant", "budget_user", "period", "ends_at", "accounts", "gas", "deposit"] as const;
const KEY = ["tenant", "budget_user", "period"] as const;

/** Nothing of nobody's budget: it only gives a statement its shape. */
const ANY_ROW = {
  ...{ tenant: "", budget_user: "", period: "", ends_at: 0n },
  ...toColumns(NOTHING),
};

/**
 * PostgreSQL's: makes the missing rows, locks all in the order given and adds to them, while nobody else gets between.
 * Its numeric is exact at any size.
 */
const ADD = new RowsStatement((db: Kysely<LedgerSchema>, rows) =>
  db
    .insertInto("budget_use")
    .columns(COLUMNS)
    .values(Array.from({ length: rows }, () => ANY_ROW))
    .onConflict((oc) =>
      oc.columns(KEY).doUpdateSet({ accounts: sum("accounts"), gas: sum("gas"), deposit: sum("deposit") }),
    )
    .returning(["budget_user", "period", "accounts", "gas", "deposit"]),
);

function sum(amount: keyof BudgetAmounts) {
  const used = sql.ref(`budget_use.${amount}`);
  const added = sql.ref(`excluded.${amount}`);
  return sql<string>`cast(cast(${used} as numeric) + cast(${added} as numeric) as text)`;
}

/** SQLite's, which has one writer but no numbers of this size. */
const WRITE = new RowsStatement((db: Kysely<LedgerSchema>, rows) =>
  db
    .insertInto("budget_use")
    .columns(COLUMNS)
    .values(Array.from({ length: rows }, () => ANY_ROW))
    .onConflict((oc) =>
      oc.columns(KEY).doUpdateSet((eb) => ({
        accounts: eb.ref("excluded.accounts"),
        gas: eb.ref("excluded.gas"),
        deposit: eb.ref("excluded.deposit"),
      })),
    ),
);

const READ = new RowsStatement((db: Kysely<LedgerSchema>, rows) =>
  db
    .selectFrom("budget_use")
    .select(["budget_user", "period", "accounts", "gas", "deposit"])
    .where((eb) =>
      eb.or(Array.from({ length: rows }, () => eb.and({ tenant: "", budget_user: "", period: "" }))),
    ),
);

/** What is used of a tenant's and its users' budgets, in their order. */
export async function readBudgets(
  db: Kysely<LedgerSchema>,
  budgets: readonly Budget[],
): Promise<BudgetAmounts[]> {
  const keys = budgets.map(({ tenant, user, period }) => [tenant, user, period.name]);
  return inOrder(budgets, await READ.run(db, keys));
}

/** What is to be added to one budget. */
export interface BudgetAddition {
  readonly budget: Budget;
  readonly amounts: BudgetAmounts;
}

/**
 * Adds to what is used of different budgets of one tenant and its users, and answers what that makes, in their order. On
 * PostgreSQL the rows are locked in that order, and stay so until the transaction ends.
 */
export async function addToBudgets(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  additions: readonly BudgetAddition[],
): Promise<BudgetAmounts[]> {
  const budgets = additions.map(({ budget }) => budget);
  if (engine.locksRows) {
    return inOrder(
      budgets,
      await ADD.run(
        trx,
        additions.map(({ budget, amounts }) => cells(budget, amounts)),
      ),
    );
  }
  const before = await readBudgets(trx, budgets);
  const after = additions.map(({ amounts }, i) => plus(before[i] ?? NOTHING, amounts));
  await WRITE.run(
    trx,
    budgets.map((budget, i) => cells(budget, after[i] ?? NOTHING)),
  );
  return after;
}

function cells({ tenant, user, period }: Budget, used: BudgetAmounts): (string | bigint)[] {
  const { accounts, gas, deposit } = toColumns(used);
  const endsAt = toMillis(period.endsAt, "end of a budget's period");
  return [tenant, user, period.name, endsAt, accounts, gas, deposit];
}

/** A budget of which nothing was used has no row. */
function inOrder(
  budgets: readonly Budget[],
  rows: readonly (AmountColumns & { budget_user: string; period: string })[],
): BudgetAmounts[] {
  const byName = new Map(rows.map((row) => [`${row.period} ${row.budget_user}`, row]));
  return budgets.map(({ user, period }) => {
    const row = byName.get(`${period.name} ${user}`);
    return row === undefined ? NOTHING : fromColumns(row);
  });
}

/** What a tenant as a whole has used in the day and the month. */
export async function budgetUse(
  db: Kysely<LedgerSchema>,
  tenant: string,
  at: Date,
): Promise<{ period: string; used: BudgetAmounts }[]> {
  const budgets = budgetsOf(tenant, "", at);
  const uses = await readBudgets(db, budgets);
  return budgets
    .map(({ scope, period }, i) => ({ scope, period: period.name, used: uses[i] ?? NOTHING }))
    .filter(({ scope }) => scope === "tenant-day" || scope === "tenant-month")
    .map(({ period, used }) => ({ period, used }));
}
