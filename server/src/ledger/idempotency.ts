import { ListStatement, RowsStatement, together } from "@countersign/sql";
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

const NAME = { tenant: "text", caller: "text", method: "text", key: "text" } as const;

const FIND = new ListStatement(NAME, (db: Kysely<LedgerSchema>, names) =>
  db
    .selectFrom("idempotency as i")
    .innerJoin(names, (join) =>
      join
        .onRef("i.tenant", "=", "v.tenant")
        .onRef("i.caller", "=", "v.caller")
        .onRef("i.method", "=", "v.method")
        .onRef("i.key", "=", "v.key"),
    )
    .select(["i.tenant", "i.caller", "i.method", "i.key", "i.body_hash", "i.submission_id"]),
);

const nameOf = ({ tenant, caller, method, key }: IdempotencyClaim) =>
  JSON.stringify([tenant, caller, method, key]);

/** What a claimed key stands for. */
export interface Idempotent {
  readonly bodyHash: Uint8Array;
  readonly submission: Submission;
}

/** What each of these keys stands for; undefined where it is not claimed. */
export async function findIdempotents(
  db: Kysely<LedgerSchema>,
  claims: readonly IdempotencyClaim[],
): Promise<(Idempotent | undefined)[]> {
  const rows = await FIND.run(
    db,
    claims.map(({ tenant, caller, method, key }) => [tenant, caller, method, key]),
  );
  if (rows.length === 0) return claims.map(() => undefined);
  const found = new Map(rows.map((row) => [nameOf(row), row]));
  return together(
    claims.map(async (claim) => {
      const row = found.get(nameOf(claim));
      if (row === undefined) return undefined;
      const submission = await getSubmission(db, claim.tenant, row.submission_id);
      return submission === undefined ? undefined : { bodyHash: row.body_hash, submission };
    }),
  );
}
