import { toMillis } from "@countersign/sql";
import { sql, type Transaction } from "kysely";
import type { LedgerSchema } from "./schema.ts";

const BATCH = 1_000n;

/** Deletes deliveries that ended in this state before. */
async function pruneEnded(
  trx: Transaction<LedgerSchema>,
  state: "DELIVERED" | "DEAD",
  before: Date,
): Promise<number> {
  const { numAffectedRows = 0n } = await sql`delete from webhook_deliveries
    where (webhook_id, submission_id) in (
      select webhook_id, submission_id from webhook_deliveries
      where state = ${state} and ended_at < ${toMillis(before, "before")} limit ${BATCH})
  `.execute(trx);
  return Number(numAffectedRows);
}

/** Deletes what was still to be told to webhooks that were deleted before, then the webhooks themselves. */
async function pruneDeleted(trx: Transaction<LedgerSchema>, before: Date): Promise<number> {
  const gone = await trx
    .selectFrom("webhooks")
    .select("id")
    .where("deleted_at", "<", toMillis(before, "before"))
    .limit(1n)
    .executeTakeFirst();
  if (gone === undefined) return 0;
  const { numAffectedRows = 0n } = await sql`delete from webhook_deliveries
    where webhook_id = ${gone.id} and submission_id in (
      select submission_id from webhook_deliveries where webhook_id = ${gone.id} limit ${BATCH})
  `.execute(trx);
  if (numAffectedRows > 0n) return Number(numAffectedRows);
  await trx.deleteFrom("webhooks").where("id", "=", gone.id).execute();
  return 1;
}

export async function pruneDeliveries(
  trx: Transaction<LedgerSchema>,
  before: { readonly delivered: Date; readonly dead: Date; readonly deleted: Date },
): Promise<number> {
  const delivered = await pruneEnded(trx, "DELIVERED", before.delivered);
  if (delivered > 0) return delivered;
  const dead = await pruneEnded(trx, "DEAD", before.dead);
  return dead > 0 ? dead : pruneDeleted(trx, before.deleted);
}
