import { FixedStatement, toMillis, whole } from "@countersign/sql";
import {
  type Expression,
  type ExpressionBuilder,
  type Kysely,
  type Selectable,
  type SqlBool,
  sql,
} from "kysely";
import { isTerminal } from "../tx/states.ts";
import type { LedgerSchema, SubmissionTable } from "./schema.ts";
import { toSubmission } from "./submission-row.ts";
import { transitionsOf, transitionsOfOne } from "./transition-log.ts";
import type { Submission, SubmissionQuery, SubmissionState } from "./types.ts";

const GET = new FixedStatement((db: Kysely<LedgerSchema>) =>
  submissionRows(db).where("s.id", "=", "").where("s.tenant", "=", ""),
);

export async function getSubmission(
  db: Kysely<LedgerSchema>,
  tenant: string,
  id: string,
): Promise<Submission | undefined> {
  const [row] = await GET.run(db, [id, tenant]);
  return row === undefined ? undefined : toSubmission(row, await transitionsOfOne(db, id));
}

export async function getByTransactionHash(
  db: Kysely<LedgerSchema>,
  tenant: string,
  hash: string,
): Promise<Submission | undefined> {
  const attempt = await db
    .selectFrom("attempts")
    .select("submission_id")
    .where("transaction_hash", "=", hash)
    .executeTakeFirst();
  return attempt === undefined ? undefined : getSubmission(db, tenant, attempt.submission_id);
}

/** A page begins where the one before ended, whatever has come since. */
export async function listSubmissions(
  db: Kysely<LedgerSchema>,
  query: SubmissionQuery,
): Promise<Submission[]> {
  const rows = await submissionRows(db)
    .where((eb) => eb.and(conditions(eb, query)))
    .orderBy("s.created_at", "desc")
    .orderBy("s.id", "desc")
    .limit(whole(query.limit, "limit"))
    .execute();
  const transitions = await transitionsOf(
    db,
    rows.map(({ id }) => id),
  );
  return rows.map((row) => toSubmission(row, transitions.get(row.id) ?? []));
}

/** With the current attempt and the lane that signed it. The payload stays behind. */
function submissionRows(db: Kysely<LedgerSchema>) {
  return db
    .selectFrom("submissions as s")
    .leftJoin("attempts as a", "a.transaction_hash", "s.transaction_hash")
    .leftJoin("lanes as l", "l.id", "a.lane_id")
    .select([
      "s.id",
      "s.tenant",
      "s.caller",
      "s.kind",
      "s.state",
      "s.version",
      "s.network",
      "s.account_id",
      "s.receiver_id",
      "s.delegate_hash",
      "s.required_relayer",
      "s.expires_at_height",
      "s.created_at",
      "s.transaction_hash",
      "s.block_hash",
      "s.gas_burnt",
      "s.tokens_burnt",
      "s.deposit",
      "s.failure_reason",
      "s.failure_message",
      "s.failure_chain_error",
      "a.nonce as attempt_nonce",
      "l.account_id as relayer_id",
      "l.public_key as relayer_public_key",
    ]);
}

/** What submissionRows reads. */
export type SubmissionRow = Omit<
  Selectable<SubmissionTable>,
  | "payload"
  | "terminal_at"
  | "lane_id"
  | "nonce"
  | "exclusive_account"
  | "ordering_group"
  | "budget_user"
  | "reserved_accounts"
  | "reserved_gas"
  | "reserved_deposit"
  | "caller_credential"
> & {
  attempt_nonce: bigint | null;
  relayer_id: string | null;
  relayer_public_key: string | null;
};

type Conditions = ExpressionBuilder<LedgerSchema & { s: SubmissionTable }, "s">;

function conditions(eb: Conditions, { tenant, caller, accountId, state, before }: SubmissionQuery) {
  const rare = state === undefined ? [] : rareAs(eb, state);
  // SQLite, which knows no frequencies, would take the caller's index with its millions before the few that
  // are open or failed: a cast keeps it away.
  const matches = (column: "s.caller" | "s.account_id", value: string) =>
    eb(rare.length === 0 ? eb.ref(column) : eb.cast<string>(column, "text"), "=", value);

  const all: Expression<SqlBool>[] = [eb("s.tenant", "=", tenant), ...rare];
  if (state !== undefined) all.push(eb("s.state", "=", state));
  if (caller !== undefined) all.push(matches("s.caller", caller));
  if (accountId !== undefined) all.push(matches("s.account_id", accountId));
  if (before !== undefined) {
    const createdAt = toMillis(before.createdAt, "before");
    all.push(sql<SqlBool>`(s.created_at, s.id) < (${createdAt}, ${before.id})`);
  }
  return all;
}

/** What follows from a state that few submissions are in: the condition of the index that holds only those. */
function rareAs(eb: Conditions, state: SubmissionState): Expression<SqlBool>[] {
  if (!isTerminal(state)) return [eb("s.terminal_at", "is", null)];
  return state === "SUCCEEDED" ? [] : [eb("s.failure_reason", "is not", null)];
}
