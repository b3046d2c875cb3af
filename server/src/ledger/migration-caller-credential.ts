import type { Kysely } from "kysely";

/** The token that a submission's caller came with, for a signer that verifies it again; null once it is signed. */
export async function addCallerCredential(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable("submissions").addColumn("caller_credential", "text").execute();
}
