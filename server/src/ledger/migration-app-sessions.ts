import type { BytesType } from "@countersign/sql";
import { type Kysely, sql } from "kysely";

/** Sessions of users who have signed in at the relay, and their refresh tokens. */
export async function createAppSessions(db: Kysely<unknown>, bytes: BytesType): Promise<void> {
  await db.schema
    .createTable("app_sessions")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("user_id", "text", (c) => c.notNull())
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("refreshed_at", "bigint", (c) => c.notNull())
    .addColumn("idle_at", "bigint", (c) => c.notNull())
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addColumn("ended_at", "bigint")
    .addColumn("end_sequence", "bigint")
    .execute();
  const indexes = [
    sql`create index app_sessions_open on app_sessions (tenant, user_id, created_at, id) where ended_at is null`,
    sql`create unique index app_sessions_ended on app_sessions (end_sequence) where end_sequence is not null`,
    sql`create index app_sessions_ended_at on app_sessions (ended_at, end_sequence) where ended_at is not null`,
    // What can be refreshed no more: idle_at is never after expires_at.
    sql`create index app_sessions_idle on app_sessions (idle_at, id)`,
  ];
  for (const index of indexes) await index.execute(db);

  await db.schema
    .createTable("refresh_tokens")
    .addColumn("token_hash", sql.raw(bytes), (c) => c.primaryKey().notNull())
    .addColumn("session_id", "text", (c) => c.notNull())
    .addColumn("used_at", "bigint")
    .addColumn("successor_hash", sql.raw(bytes))
    .addColumn("sealed_successor", sql.raw(bytes))
    .execute();
  await sql`create index refresh_tokens_by_session on refresh_tokens (session_id)`.execute(db);

  await db.schema
    .createTable("app_session_sequence")
    .addColumn("sequence", "bigint", (c) => c.notNull())
    .execute();
  await sql`insert into app_session_sequence (sequence) values (0)`.execute(db);
}
