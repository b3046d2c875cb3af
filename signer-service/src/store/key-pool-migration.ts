import type { Kysely } from "kysely";

/** What relays' own keys need: where they come from, and those that are being made. */
export async function createKeyPools(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("key_records").addColumn("pool_made_at", "bigint").execute();
  await db.schema.alterTable("key_records").addColumn("pool_incarnation", "text").execute();
  await db.schema
    .createTable("key_claims")
    .addColumn("key_id", "text", (c) => c.primaryKey().notNull())
    .addColumn("network", "text", (c) => c.notNull())
    .addColumn("account_id", "text", (c) => c.notNull())
    .addColumn("owner", "text", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .execute();
}
