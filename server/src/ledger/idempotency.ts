import type { Kysely, Transaction } from "kysely";
import type { LedgerSchema } from "./schema.ts";
import { getSubmission } from "./submissions.ts";
import type { IdempotencyClaim, Submission } from "./types.ts";

/**
 * Claims the key for a submission; false when it is taken. On PostgreSQL the insert waits for a transaction
 * that is about to take the same key, and sees how it ended.
 */
export async function claimKey(
  trx: Transaction<LedgerSchema>,
  { tenant, caller, method, key }: IdempotencyClaim,
  bodyHash: Uint8Array,
  submissionId: string,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto("idempotency")
    .values({ tenant, caller, method, key, body_hash: bodyHash, submission_id: submissionId })
    .onConflict((oc) => oc.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

export async function findIdempotent(
  db: Kysely<LedgerSchema>,
  { tenant, caller, method, key }: IdempotencyClaim,
): Promise<{ bodyHash: Uint8Array; submission: Submission } | undefined> {
  const found = await db
    .selectFrom("idempotency")
    .select(["body_hash", "submission_id"])
    .where("tenant", "=", tenant)
    .where("caller", "=", caller)
    .where("method", "=", method)
    .where("key", "=", key)
    .executeTakeFirst();
  if (found === undefined) return undefined;
  const submission = await getSubmission(db, tenant, found.submission_id);
  return submission === undefined ? undefined : { bodyHash: found.body_hash, submission };
}
