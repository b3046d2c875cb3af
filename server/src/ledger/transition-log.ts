import { fromMillis, toMillis } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import type { LedgerSchema } from "./schema.ts";
import type { SubmissionState, Transition } from "./types.ts";

export interface LoggedTransition {
  readonly submissionId: string;
  readonly seq: bigint;
  readonly state: SubmissionState;
  readonly at: Date;
}

export async function logTransitions(
  trx: Transaction<LedgerSchema>,
  transitions: readonly LoggedTransition[],
): Promise<void> {
  if (transitions.length === 0) return;
  await trx
    .insertInto("transitions")
    .values(
      transitions.map(({ submissionId, seq, state, at }) => ({
        submission_id: submissionId,
        seq,
        state,
        at: toMillis(at, "time of transition"),
      })),
    )
    .execute();
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
