import type { BytesType } from "@countersign/sql";
import { type Kysely, sql } from "kysely";

/** The audit log: events, the chains that they become entries of, and the signed heads of these. */
export async function createAudit(db: Kysely<unknown>, bytes: BytesType): Promise<void> {
  await db.schema
    .createTable("audit_events")
    .addColumn("id", "text", (c) => c.primaryKey().notNull())
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("kind", "text", (c) => c.notNull())
    .addColumn("actor", "text", (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("detail", "text", (c) => c.notNull())
    .addColumn("sequence", "bigint")
    .addColumn("hash", "text")
    .addUniqueConstraint("audit_events_sequence", ["tenant", "sequence"])
    .execute();
  await sql`create index audit_events_unchained on audit_events (at, id) where sequence is null`.execute(db);

  await db.schema
    .createTable("audit_chains")
    .addColumn("tenant", "text", (c) => c.primaryKey().notNull())
    .addColumn("sequence", "bigint", (c) => c.notNull())
    .addColumn("hash", "text", (c) => c.notNull())
    .addColumn("signed_sequence", "bigint", (c) => c.notNull())
    .addColumn("checkpoint_sequence", "bigint", (c) => c.notNull())
    .execute();

  await db.schema
    .createTable("audit_heads")
    .addColumn("tenant", "text", (c) => c.notNull())
    .addColumn("sequence", "bigint", (c) => c.notNull())
    .addColumn("hash", "text", (c) => c.notNull())
    .addColumn("at", "bigint", (c) => c.notNull())
    .addColumn("public_key", "text", (c) => c.notNull())
    .addColumn("signature", sql.raw(bytes), (c) => c.notNull())
    .addPrimaryKeyConstraint("audit_heads_pk", ["tenant", "sequence"])
    .execute();
  await sql`create index audit_heads_age on audit_heads (tenant, at, sequence)`.execute(db);

  await db.schema
    .createTable("audit_sequencer")
    .addColumn("id", "bigint", (c) => c.primaryKey().notNull())
    .execute();
  await sql`insert into audit_sequencer (id) values (1)`.execute(db);
}
