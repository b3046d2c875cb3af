import { type List, ListStatement } from "@countersign/sql";
import { type Kysely, sql, type Transaction } from "kysely";
import { fromColumns, toColumns } from "./budget-amounts.ts";
import type { BudgetAmounts } from "./budget-types.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";

/** Names a row of used amounts. */
export interface BudgetKey {
  readonly tenant: string;
  readonly user: string;
  readonly period: string;
}

/** What is used of one budget. */
export interface BudgetUse extends BudgetKey {
  readonly used: BudgetAmounts;
}

const KEY_COLUMNS = { tenant: "text", budget_user: "text", period: "text" } as const;

const existing = (db: Kysely<LedgerSchema>, keys: List<typeof KEY_COLUMNS>) =>
  db
    .selectFrom("budget_use as b")
    .innerJoin(keys, (join) =>
      join
        .onRef("v.tenant", "=", "b.tenant")
        .onRef("v.budget_user", "=", "b.budget_user")
        .onRef("v.period", "=", "b.period"),
    )
    .select(["b.tenant", "b.budget_user as user", "b.period", "b.accounts", "b.gas", "b.deposit"])
    .orderBy(sql`case when b.budget_user = '' then 0 else 1 end`)
    .orderBy("b.tenant")
    .orderBy("b.budget_user")
    .orderBy("b.period");

const EXISTING = new ListStatement(KEY_COLUMNS, existing);
const LOCK_EXISTING = new ListStatement(KEY_COLUMNS, (db: Kysely<LedgerSchema>, keys) =>
  existing(db, keys).forUpdate("b"),
);

/** Those of the rows that exist, locked until the transaction ends, in the order in which all transactions do. */
export async function lockExisting(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  keys: readonly BudgetKey[],
): Promise<BudgetUse[]> {
  const statement = engine.locksRows ? LOCK_EXISTING : EXISTING;
  const rows = await statement.run(
    trx,
    keys.map(({ tenant, user, period }) => [tenant, user, period]),
  );
  return rows.map(({ tenant, user, period, ...amounts }) => ({
    tenant,
    user,
    period,
    used: fromColumns(amounts),
  }));
}

const COLUMNS = {
  tenant: "text",
  budget_user: "text",
  period: "text",
  accounts: "text",
  gas: "text",
  deposit: "text",
} as const;

const WRITE = new ListStatement(COLUMNS, (db: Kysely<LedgerSchema>, uses) =>
  db
    .updateTable("budget_use as b")
    .from(uses)
    .set((eb) => ({
      accounts: eb.ref("v.accounts").$notNull(),
      gas: eb.ref("v.gas").$notNull(),
      deposit: eb.ref("v.deposit").$notNull(),
    }))
    .whereRef("b.tenant", "=", "v.tenant")
    .whereRef("b.budget_user", "=", "v.budget_user")
    .whereRef("b.period", "=", "v.period"),
);

/** Writes what is used of rows that the transaction has locked. */
export async function writeUse(trx: Transaction<LedgerSchema>, uses: readonly BudgetUse[]): Promise<void> {
  await WRITE.run(
    trx,
    uses.map(({ tenant, user, period, used }) => {
      const { accounts, gas, deposit } = toColumns(used);
      return [tenant, user, period, accounts, gas, deposit];
    }),
  );
}
