import { FixedStatement, toMillis } from "@countersign/sql";
import { type Kysely, sql, type Transaction } from "kysely";
import { type AmountColumns, fromColumns, NOTHING, plus, toColumns } from "./budget-amounts.ts";
import { type Budget, budgetsOf } from "./budget-periods.ts";
import type { BudgetAmounts } from "./budget-types.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";

const COLUMNS = ["tenant", "budget_user", "period", "ends_at", "accounts", "gas", "deposit"] as const;
const KEY = ["tenant", "budget_user", "period"] as const;

/** The four budgets of a submission, as rows of which nothing is used. They only give a statement its shape. */
const ANY_ROWS = budgetsOf("", "", new Date(0)).map((budget) => toRow(budget, NOTHING));

function toRow({ tenant, user, period }: Budget, used: BudgetAmounts) {
  return {
    tenant,
    budget_user: user,
    period: period.name,
    ends_at: toMillis(period.endsAt, "end of a budget's period"),
    ...toColumns(used),
  };
}

/**
 * PostgreSQL's: makes the missing rows, locks all in the order given and adds to them, while nobody else gets between.
 * Its numeric is exact at any size.
 */
const ADD = new FixedStatement((db: Kysely<LedgerSchema>) =>
  db
    .insertInto("budget_use")
    .columns(COLUMNS)
    .values(ANY_ROWS)
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
const WRITE = new FixedStatement((db: Kysely<LedgerSchema>) =>
  db
    .insertInto("budget_use")
    .columns(COLUMNS)
    .values(ANY_ROWS)
    .onConflict((oc) =>
      oc.columns(KEY).doUpdateSet((eb) => ({
        accounts: eb.ref("excluded.accounts"),
        gas: eb.ref("excluded.gas"),
        deposit: eb.ref("excluded.deposit"),
      })),
    ),
);

const READ = new FixedStatement((db: Kysely<LedgerSchema>) =>
  db
    .selectFrom("budget_use")
    .select(["budget_user", "period", "accounts", "gas", "deposit"])
    .where((eb) =>
      eb.or(ANY_ROWS.map(({ tenant, budget_user, period }) => eb.and({ tenant, budget_user, period }))),
    ),
);

/** What is used of a submission's four budgets, in their order. */
export async function readBudgets(
  db: Kysely<LedgerSchema>,
  budgets: readonly Budget[],
): Promise<BudgetAmounts[]> {
  const keys = budgets.flatMap(({ tenant, user, period }) => [tenant, user, period.name]);
  return inOrder(budgets, await READ.run(db, keys));
}

/**
 * Adds to what is used of a submission's four budgets and answers what that makes, in their order. On PostgreSQL the
 * rows stay locked until the transaction ends.
 */
export async function addToBudgets(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  budgets: readonly Budget[],
  amounts: BudgetAmounts,
): Promise<BudgetAmounts[]> {
  if (engine.locksRows) {
    return inOrder(
      budgets,
      await ADD.run(
        trx,
        budgets.flatMap((budget) => cells(budget, amounts)),
      ),
    );
  }
  const after = (await readBudgets(trx, budgets)).map((used) => plus(used, amounts));
  await WRITE.run(
    trx,
    budgets.flatMap((budget, i) => cells(budget, after[i] ?? amounts)),
  );
  return after;
}

function cells(budget: Budget, amounts: BudgetAmounts): (string | bigint)[] {
  const row = toRow(budget, amounts);
  return COLUMNS.map((column) => row[column]);
}

/** A budget of which nothing was used has no row. */
function inOrder(
  budgets: readonly Budget[],
  rows: readonly (AmountColumns & { budget_user: string; period: string })[],
): BudgetAmounts[] {
  return budgets.map(({ user, period }) => {
    const row = rows.find((r) => r.budget_user === user && r.period === period.name);
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
