import type { BytesType } from "@countersign/sql";
import { type Kysely, sql } from "kysely";

/** Tenants, and what says who may do what. */
export async function createTenants(db: Kysely<unknown>, bytes: BytesType): Promise<void> {
  await db.schema
    .createTable("tenants")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("display_name", "text", (c) => c.notNull())
    .addColumn("disabled", "bigint", (c) => c.notNull())
    .addColumn("version", "bigint", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("token_issuers")
    .addColumn("issuer", "text", (c) => c.notNull())
    .addColumn("audience", "text", (c) => c.notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("position", "bigint", (c) => c.notNull())
    .addColumn("jwks_uri", "text", (c) => c.notNull())
    .addColumn("jwks_json", "text", (c) => c.notNull())
    .addColumn("algorithms", "text", (c) => c.notNull())
    .addColumn("clock_skew_seconds", "bigint", (c) => c.notNull())
    .addColumn("scopes", "text", (c) => c.notNull())
    .addColumn("subject_prefix", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("token_issuers_pk", ["issuer", "audience"])
    .execute();
  await createKeys(db, bytes);
  await db.schema
    .createTable("documents")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("version", "bigint", (c) => c.notNull())
    .addColumn("text", "text", (c) => c.notNull())
    .addColumn("author", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("documents_pk", ["tenant", "kind", "version"])
    .execute();
  await db.schema
    .createTable("pauses")
    .addColumn("level", "text", (c) => c.notNull())
    .addColumn("target", "text", (c) => c.notNull())
    .addColumn("id", "text", (c) => c.notNull())
    .addColumn("mode", "text", (c) => c.notNull())
    .addColumn("reason", "text", (c) => c.notNull())
    .addColumn("author", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("pauses_pk", ["level", "target"])
    .execute();
  await db.schema
    .createTable("protection_revision")
    .addColumn("revision", "bigint", (c) => c.notNull())
    .execute();
  await sql`insert into protection_revision (revision) values (0)`.execute(db);
}

async function createKeys(db: Kysely<unknown>, bytes: BytesType): Promise<void> {
  await db.schema
    .createTable("api_keys")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("display_name", "text", (c) => c.notNull())
    .addColumn("scopes", "text", (c) => c.notNull())
    .addColumn("secret_hash", sql.raw(bytes), (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint")
    .addColumn("revoked_at", "bigint")
    .addColumn("last_used_at", "bigint")
    .addColumn("rotated_from", "text")
    .execute();
  await sql`create index api_keys_by_tenant on api_keys (tenant, created_at, id)`.execute(db);
  await db.schema
    .createTable("admin_calls")
    .addColumn("method", "text", (c) => c.notNull())
    .addColumn("idempotency_key", "text", (c) => c.notNull())
    .addColumn("body_hash", sql.raw(bytes), (c) => c.notNull())
    .addColumn("api_key_id", "text", (c) => c.notNull())
    .addPrimaryKeyConstraint("admin_calls_pk", ["method", "idempotency_key"])
    .execute();
}
