import type { BytesType } from "@countersign/sql";
import { type Kysely, sql } from "kysely";

/** The tables of threshold ECDSA. */
export async function createEcdsa(db: Kysely<unknown>, bytes: BytesType): Promise<void> {
  await db.schema
    .alterTable("threshold_sessions")
    .addColumn("presigns", "bigint", (c) => c.notNull().defaultTo(0))
    .execute();
  await createPresigns(db, bytes);
  await createPresignatures(db);
}

async function createPresigns(db: Kysely<unknown>, bytes: BytesType): Promise<void> {
  await db.schema
    .createTable("threshold_presigns")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("incarnation", "text", (c) => c.notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("user_id", "text", (c) => c.notNull())
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("epoch", "bigint", (c) => c.notNull())
    .addColumn("token_hash", "text", (c) => c.notNull())
    .addColumn("version", "bigint", (c) => c.notNull())
    .addColumn("stage", "text", (c) => c.notNull())
    .addColumn("flight_hash", "text", (c) => c.notNull())
    // A step has up to 160 kB: twice that in hexadecimal digits.
    .addColumn("answer", sql.raw(bytes), (c) => c.notNull())
    .addColumn("state", sql.raw(bytes))
    .addColumn("expires_at", "bigint", (c) => c.notNull())
    .addCheckConstraint("threshold_presigns_state", sql`(stage = 'done') = (state is null)`)
    .execute();
  await sql`create index threshold_presigns_key on threshold_presigns (key_id, expires_at)`.execute(db);
  await sql`create index threshold_presigns_expiry on threshold_presigns (expires_at)`.execute(db);
  await db.schema
    .createTable("threshold_presign_days")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("user_id", "text", (c) => c.notNull())
    .addColumn("day", "bigint", (c) => c.notNull())
    .addColumn("incarnation", "text", (c) => c.notNull())
    .addColumn("made", "bigint", (c) => c.notNull())
    .addPrimaryKeyConstraint("threshold_presign_days_pk", ["tenant", "user_id", "day", "incarnation"])
    .execute();
}

async function createPresignatures(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable("threshold_presignatures")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("incarnation", "text", (c) => c.notNull())
    .addColumn("presign_id", "text", (c) => c.notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("user_id", "text", (c) => c.notNull())
    .addColumn("key_id", "text", (c) => c.notNull())
    .addColumn("epoch", "bigint", (c) => c.notNull())
    .addColumn("state", "text", (c) => c.notNull())
    .addColumn("sealed", "text")
    .addColumn("created_at", "bigint", (c) => c.notNull())
    .addColumn("signing_id", "text")
    .addColumn("request_id", "text")
    .addColumn("digest", "text")
    .addColumn("client_entropy_hash", "text")
    .addColumn("relayer_entropy", "text")
    .addColumn("expires_at", "bigint")
    .addCheckConstraint("threshold_presignatures_sealed", sql`(state = 'destroyed') = (sealed is null)`)
    // One signing for ever: nothing that was reserved is available again.
    .addCheckConstraint("threshold_presignatures_signing", sql`(state = 'available') = (signing_id is null)`)
    .execute();
  const indexes = [
    sql`create unique index threshold_presignatures_of_session on threshold_presignatures (presign_id)`,
    sql`create unique index threshold_presignatures_signing_id on threshold_presignatures (signing_id)`,
    // A request has one signing that can still answer.
    sql`create unique index threshold_presignatures_request on threshold_presignatures (request_id)
      where state in ('reserved', 'used')`,
    sql`create index threshold_presignatures_pool on threshold_presignatures (key_id, created_at)
      where state = 'available'`,
    sql`create index threshold_presignatures_expiry on threshold_presignatures (expires_at)`,
  ];
  for (const index of indexes) await index.execute(db);
}
