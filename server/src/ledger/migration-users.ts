import type { BytesType } from "@countersign/sql";
import { type Kysely, sql } from "kysely";

/** Who signs in, and how. */
export async function createUsers(db: Kysely<unknown>, bytes: BytesType): Promise<void> {
  await db.schema
    .createTable("users")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("id", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("merged_into", "text")
    .addPrimaryKeyConstraint("users_pk", ["tenant", "id"])
    .execute();
  await sql`create index users_merged on users (tenant, merged_into) where merged_into is not null`.execute(
    db,
  );
  await db.schema
    .createTable("identities")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("user_id", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await sql`create index identities_by_user on identities (tenant, user_id, created_at, id)`.execute(db);
  await db.schema
    .createTable("passkeys")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("credential_id", sql.raw(bytes), (c) => c.notNull())
    .addColumn("identity_id", "text", (c) => c.notNull().unique())
    .addColumn("public_key", sql.raw(bytes), (c) => c.notNull())
    .addColumn("rp_id", "text", (c) => c.notNull())
    .addColumn("name", "text", (c) => c.notNull())
    .addColumn("counter", "bigint", (c) => c.notNull())
    .addColumn("backed_up", "bigint", (c) => c.notNull())
    .addColumn("transports", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("passkeys_pk", ["tenant", "credential_id"])
    .execute();
  await db.schema
    .createTable("provider_accounts")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("issuer", "text", (c) => c.notNull())
    .addColumn("subject", "text", (c) => c.notNull())
    .addColumn("identity_id", "text", (c) => c.notNull().unique())
    .addColumn("provider_id", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("provider_accounts_pk", ["tenant", "issuer", "subject"])
    .execute();
}
