import { type Kysely, sql } from "kysely";

/** The table of lock keys. */
export async function createLockKeys(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("lock_keys")
    .addColumn("key_id", "text", (c) => c.primaryKey().notNull())
    .addColumn("suite", "bigint", (c) => c.notNull())
    .addColumn("commitment", "text", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("sealed", "text")
    .addColumn("replaced", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("grace_at", "bigint")
    .addColumn("retired_at", "bigint")
    .addCheckConstraint("lock_keys_state", sql`state in ('CURRENT', 'GRACE', 'RETIRED')`)
    .addCheckConstraint("lock_keys_sealed", sql`(state = 'RETIRED') = (sealed is null)`)
    // Each key has one successor, and the first of a suite has no predecessor.
    .addUniqueConstraint("lock_keys_replaced", ["suite", "replaced"])
    .execute();
  await sql`create unique index lock_keys_current on lock_keys (suite) where state = 'CURRENT'`.execute(db);
}
