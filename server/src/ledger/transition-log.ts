import { FixedStatement, fromMillis, RowsStatement, toMillis } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import type { LedgerSchema } from "./schema.ts";
import type { SubmissionState, Transition } from "./types.ts";

export interface LoggedTransition {
  readonly submissionId: string;
  readonly seq: bigint;
  readonly state: SubmissionState;
  readonly at: Date;
}

/** It only gives the statement its shape. */
const ANY_ROW = { submission_id: "", seq: 0n, state: "ACCEPTED", at: 0n } as const;

const LOG = new RowsStatement((db: Kysely<LedgerSchema>, rows) =>
  db.insertInto("transitions").values(Array.from({ length: rows }, () => ANY_ROW)),
);

export async function logTransitions(
  trx: Transaction<LedgerSchema>,
  transitions: readonly LoggedTransition[],
): Promise<void> {
  await LOG.runInParts(
    trx,
    transitions.map(({ submissionId, seq, state, at }) => [
      ...[submissionId, seq, state],
      toMillis(at, "time of transition"),
    ]),
  );
}

const READ_ONE = new FixedStatement((db: Kysely<LedgerSchema>) =>
  db.selectFrom("transitions").select(["seq", "state", "at"]).where("submission_id", "=", "").orderBy("seq"),
);

/** The transitions of a submission, in order. */
export async function transitionsOfOne(
  db: Kysely<LedgerSchema>,
  submissionId: string,
): Promise<Transition[]> {
  const rows = await READ_ONE.run(db, [submissionId]);
  return rows.map(({ seq, state, at }) => ({ seq, state, at: fromMillis(at) }));
}

/** The transitions of several submissions, each in order. */
export async function transitionsOf(
  db: Kysely<LedgerSchema>,
  submissionIds: readonly string[],
): Promise<Map<string, Transition[]>> {
  const found = new Map<string, Transition[]>(submissionIds.map((id) => [id, []]));
  if (submissionIds.length === 0) return found;
  const rows = await db
    .selectFrom("transitions")
    .selectAll()
    .where("submission_id", "in", submissionIds)
    .orderBy("submission_id")
    .orderBy("seq")
    .execute();
  for (const { submission_id, seq, state, at } of rows) {
    found.get(submission_id)?.push({ seq, state, at: fromMillis(at) });
  }
  return found;
}
