import { type Kysely, sql } from "kysely";

/** How the users of each tenant sign in, and whose each relying party is. */
export async function addSignIn(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("tenants").addColumn("sign_in", "text").execute();
  await db.schema
    .createTable("relying_parties")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .execute();
  await sql`create index relying_parties_by_tenant on relying_parties (tenant)`.execute(db);
}
