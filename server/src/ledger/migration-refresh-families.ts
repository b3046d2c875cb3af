import type { BytesType } from "@countersign/sql";
import { type Kysely, sql } from "kysely";

/** What all refresh tokens of a session have in common, so that used ones need not be kept. */
export async function addRefreshFamilies(db: Kysely<unknown>, bytes: BytesType): Promise<void> {
  await db.schema.alterTable("refresh_tokens").addColumn("family_hash", sql.raw(bytes)).execute();
  await sql`create index refresh_tokens_by_family on refresh_tokens (family_hash)`.execute(db);
}
