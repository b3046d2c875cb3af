import { type Kysely, sql } from "kysely";

/** The tables of threshold signing. */
export async function createThreshold(db: Kysely<unknown>): Promise<void> {
  await createThresholdKeys(db);
  await db.schema
    .createTable("threshold_challenges")
    .addColumn("challenge", "text", (c) => c.primaryKey().notNull())
    .addColumn("incarnation", "text", (c) => c.notNull())
    .addColumn("binding", "text", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("threshold_sessions")
    .addColumn("token_hash", "text", (c) => c.primaryKey().notNull())
    .addColumn("incarnation", "text", (c) => c.notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("user_id", "text", (c) => c.notNull())
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("purposes", "text", (c) => c.notNull())
    .addColumn("max_uses", "bigint", (c) => c.notNull())
    .addColumn("uses", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addCheckConstraint("threshold_sessions_uses", sql`uses <= max_uses`)
    .execute();
  await createSignings(db);
  await sql`insert into chain_heads (chain, sequence, hash)
    values ('threshold', 0, ${sql.lit("0".repeat(64))})`.execute(db);
  for (const table of ["challenges", "sessions", "requests", "signings"]) {
    await db.schema
      .createIndex(`threshold_${table}_expiry`)
      .on(`threshold_${table}`)
      .column("expires_at")
      .execute();
  }
}

async function createThresholdKeys(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("threshold_keys")
    .addColumn("key_id", "text", (c) => c.primaryKey().notNull())
    .addColumn("scheme_id", "text", (c) => c.notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("user_id", "text", (c) => c.notNull())
    .addColumn("network", "text", (c) => c.notNull())
    .addColumn("account_id", "text", (c) => c.notNull())
    .addColumn("rp_id", "text", (c) => c.notNull())
    .addColumn("client_share", "text", (c) => c.notNull())
    .addColumn("relayer_share", "text", (c) => c.notNull())
    .addColumn("epoch", "bigint", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createIndex("threshold_keys_owner")
    .on("threshold_keys")
    .columns(["tenant", "user_id", "created_at"])
    .execute();
  await db.schema
    .createIndex("threshold_keys_epoch")
    .on("threshold_keys")
    .columns(["network", "epoch"])
    .execute();
  await db.schema
    .createTable("threshold_credentials")
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("credential_id", "text", (c) => c.notNull())
    .addColumn("position", "bigint", (c) => c.notNull())
    .addColumn("public_key", "text", (c) => c.notNull())
    .addColumn("counter", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("threshold_credentials_pk", ["key_id", "credential_id"])
    .execute();
}

async function createSignings(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("threshold_requests")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("incarnation", "text", (c) => c.notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("user_id", "text", (c) => c.notNull())
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("digest", "text", (c) => c.notNull())
    .addColumn("runs", "bigint", (c) => c.notNull())
    .addColumn("finished", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .execute();
  await db.schema
    .createTable("threshold_signings")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("incarnation", "text", (c) => c.notNull())
    .addColumn("request_id", "text", (c) => c.notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("user_id", "text", (c) => c.notNull())
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("digest", "text", (c) => c.notNull())
    .addColumn("stage", "text", (c) => c.notNull())
    .addColumn("sealed", "text")
    .addColumn("message_hash", "text")
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    // Nonces are there in "open" alone.
    .addCheckConstraint("threshold_signings_sealed", sql`(stage = 'burnt') = (sealed is null)`)
    .execute();
  // The rule that nonces rest on: a request has one signing session that can still answer.
  await sql`create unique index threshold_signings_open on threshold_signings (request_id)
    where stage <> 'burnt'`.execute(db);
}
