import { type Kysely, sql } from "kysely";

/** Used amounts, and what each submission has reserved of them. */
export async function createBudgets(db: Kysely<unknown>): Promise<void> {
  for (const column of ["budget_user", "reserved_accounts", "reserved_gas", "reserved_deposit"]) {
    await db.schema.alterTable("submissions").addColumn(column, "text").execute();
  }
  await db.schema
    .createTable("budget_use")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("budget_user", "text", (c) => c.notNull())
    .addColumn("period", "text", (c) => c.notNull())
    .addColumn("ends_at", "bigint", (c) => c.notNull())
    .addColumn("accounts", "text", (c) => c.notNull())
    .addColumn("gas", "text", (c) => c.notNull())
    .addColumn("deposit", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("budget_use_pk", ["tenant", "budget_user", "period"])
    .execute();
  await sql`create index budget_use_end on budget_use (ends_at)`.execute(db);
}
