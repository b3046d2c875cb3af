import { type Kysely, sql } from "kysely";

/**
 * What is still to be told, by age. The index was that of all that is due at some time, and PostgreSQL took it for a webhook's
 * own: as long as its statistics are from before a backlog, both seem empty.
 */
export async function indexPendingDeliveries(db: Kysely<unknown>): Promise<void> {
  await sql`drop index webhook_deliveries_oldest`.execute(db);
  await sql`create index webhook_deliveries_pending on webhook_deliveries (created_at) where state = 'PENDING'`.execute(
    db,
  );
}
