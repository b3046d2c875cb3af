import { RowsStatement } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import { inOrderOf } from "./lock-order.ts";
import type { LedgerSchema } from "./schema.ts";
import { getSubmission } from "./submissions.ts";
import type { AcceptInput, IdempotencyClaim, Submission } from "./types.ts";

const COLUMNS = ["tenant", "caller", "method", "key", "body_hash", "submission_id"] as const;
/** It only gives the statement its shape. */
const ANY_ROW = {
  tenant: "",
  caller: "",
  method: "",
  key: "",
  body_hash: new Uint8Array(),
  submission_id: "",
};

const CLAIM = new RowsStatement((db: Kysely<LedgerSchema>, rows) =>
  db
    .insertInto("idempotency")
    .columns(COLUMNS)
    .values(Array.from({ length: rows }, () => ANY_ROW))
    .onConflict((oc) => oc.doNothing())
    .returning("submission_id"),
);

/**
 * Claims the keys of these submissions, of which no two have the same; answers the ids of those that got theirs. On
 * PostgreSQL it waits for a transaction that is about to take one of the keys, and sees how it ended.
 */
export async function claimKeys(
  trx: Transaction<LedgerSchema>,
  inputs: readonly AcceptInput[],
): Promise<ReadonlySet<string>> {
  const ordered = inOrderOf(inputs, ({ tenant, caller, method, idempotencyKey }) => [
    tenant,
    caller,
    method,
    idempotencyKey,
  ]);
  const claimed = await CLAIM.run(
    trx,
    ordered.map(({ tenant, caller, method, idempotencyKey, bodyHash, submission }) => [
      ...[tenant, caller, method, idempotencyKey],
      bodyHash,
      submission.id,
    ]),
  );
  return new Set(claimed.map(({ submission_id }) => submission_id));
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
