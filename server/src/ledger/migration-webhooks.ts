import { type Kysely, sql } from "kysely";

/** Where tenants are told of how submissions end, and what they are still to be told. */
export async function createWebhooks(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("webhooks")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("url", "text", (c) => c.notNull())
    .addColumn("description", "text", (c) => c.notNull())
    .addColumn("states", "text", (c) => c.notNull())
    .addColumn("paused", "bigint", (c) => c.notNull())
    .addColumn("secrets", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("deleted_at", "bigint")
    .execute();
  await db.schema
    .createTable("webhook_deliveries")
    .addColumn("webhook_id", "text", (c) => c.notNull())
    .addColumn("submission_id", "text", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("attempts", "bigint", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("due_at", "bigint")
    .addColumn("ended_at", "bigint")
    .addColumn("last_attempt_at", "bigint")
    .addColumn("last_status", "bigint")
    .addColumn("last_problem", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("webhook_deliveries_pk", ["webhook_id", "submission_id"])
    .execute();
  const indexes = [
    sql`create index webhooks_by_tenant on webhooks (tenant, created_at, id) where deleted_at is null`,
    sql`create index webhooks_deleted on webhooks (deleted_at) where deleted_at is not null`,
    // As small as what is still to be told, whatever has been told before.
    sql`create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at) where due_at is not null`,
    sql`create index webhook_deliveries_oldest on webhook_deliveries (created_at) where due_at is not null`,
    sql`create index webhook_deliveries_listed on webhook_deliveries (webhook_id, state, created_at, submission_id)`,
    sql`create index webhook_deliveries_ended on webhook_deliveries (state, ended_at) where ended_at is not null`,
  ];
  for (const index of indexes) await index.execute(db);
}
