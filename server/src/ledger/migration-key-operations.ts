import { type Kysely, sql } from "kysely";

/** What is done to the relayers' access keys. */
export async function createKeyOperations(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("key_operations")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("network", "text", (c) => c.notNull())
    .addColumn("account_id", "text", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("step", "text", (c) => c.notNull())
    .addColumn("new_key_id", "text", (c) => c.notNull())
    .addColumn("new_public_key", "text", (c) => c.notNull())
    .addColumn("old_key_id", "text", (c) => c.notNull())
    .addColumn("old_public_key", "text", (c) => c.notNull())
    .addColumn("submission_id", "text", (c) => c.notNull())
    .addColumn("failed_submissions", "bigint", (c) => c.notNull())
    .addColumn("tries", "bigint", (c) => c.notNull())
    .addColumn("problem", "text", (c) => c.notNull())
    .addColumn("try_at", "bigint", (c) => c.notNull())
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("reason", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("step_at", "bigint", (c) => c.notNull())
    .addColumn("ended_at", "bigint")
    .addColumn("version", "bigint", (c) => c.notNull())
    .execute();
  const indexes = [
    // One at a time for an account.
    sql`create unique index key_operations_open on key_operations (network, account_id) where ended_at is null`,
    sql`create index key_operations_listed on key_operations (network, account_id, created_at, id)`,
  ];
  for (const index of indexes) await index.execute(db);
}
