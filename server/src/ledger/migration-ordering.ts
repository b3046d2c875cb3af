import { type Kysely, sql } from "kysely";

/**
 * The group in which a submission keeps its order. One index finds what of it is open, whatever lies behind it; the
 * other what is unclaimed and in none.
 */
export async function addOrderingGroup(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("submissions").addColumn("ordering_group", "text").execute();
  await sql`create index submissions_ordered on submissions (network, ordering_group, created_at, id)
            where ordering_group is not null and terminal_at is null`.execute(db);
  await sql`create index submissions_unordered on submissions (network, created_at, id)
            where ordering_group is null and lane_id is null and terminal_at is null`.execute(db);
}
