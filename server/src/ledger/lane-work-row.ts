import { Secret } from "@countersign/service-kit";
import { fromMillis, ListStatement } from "@countersign/sql";
import type { Kysely } from "kysely";
import type { LedgerSchema } from "./schema.ts";
import type { Attempt, LaneWork } from "./types.ts";

export async function workOf(
  db: Kysely<LedgerSchema>,
  submissionIds: readonly string[],
): Promise<LaneWork[]> {
  const rows = await WORK_OF.run(
    db,
    submissionIds.map((id) => [id]),
  );
  // As SQLite answers in parts.
  return rows.map(toLaneWork).sort((a, b) => (a.nonce < b.nonce ? -1 : 1));
}

/** What is not terminal. */
export async function workInLane(db: Kysely<LedgerSchema>, laneId: bigint): Promise<LaneWork[]> {
  const rows = await workRows(db)
    .where("s.lane_id", "=", laneId)
    .where("s.terminal_at", "is", null)
    .execute();
  return rows.map(toLaneWork);
}

/** Claimed submissions with their payload and current attempt, by rising nonce. */
function workRows(db: Kysely<LedgerSchema>) {
  return db
    .selectFrom("submissions as s")
    .leftJoin("attempts as a", "a.transaction_hash", "s.transaction_hash")
    .select([
      "s.id",
      "s.tenant",
      "s.caller",
      "s.kind",
      "s.state",
      "s.network",
      "s.account_id",
      "s.receiver_id",
      "s.payload",
      "s.required_relayer",
      "s.expires_at_height",
      "s.created_at",
      "s.caller_credential",
      "s.nonce",
      "a.lane_id as attempt_lane",
      "a.nonce as attempt_nonce",
      "a.transaction_hash",
      "a.signed_transaction",
      "a.block_hash_height",
      "a.signed_at",
    ])
    .orderBy("s.nonce");
}

const WORK_OF = new ListStatement({ id: "text" }, (db: Kysely<LedgerSchema>, submissions) =>
  workRows(db).innerJoin(submissions, "v.id", "s.id"),
);

type WorkRow = Awaited<ReturnType<ReturnType<typeof workRows>["execute"]>>[number];

function toLaneWork(row: WorkRow): LaneWork {
  if (row.nonce === null) throw new Error(`submission ${row.id} is in a lane without a nonce`);
  return {
    submissionId: row.id,
    tenant: row.tenant,
    caller: row.caller,
    kind: row.kind,
    state: row.state,
    network: row.network,
    accountId: row.account_id,
    receiverId: row.receiver_id,
    payload: row.payload,
    requiredRelayer: row.required_relayer,
    expiresAtHeight: row.expires_at_height,
    createdAt: fromMillis(row.created_at),
    callerCredential: row.caller_credential === null ? null : new Secret(row.caller_credential),
    nonce: row.nonce,
    attempt: attemptOf(row),
  };
}

function attemptOf(row: WorkRow): Attempt | null {
  const { attempt_lane, attempt_nonce, transaction_hash, signed_transaction, block_hash_height, signed_at } =
    row;
  if (attempt_lane === null || attempt_nonce === null) return null;
  if (transaction_hash === null || signed_transaction === null) return null;
  if (block_hash_height === null || signed_at === null) return null;
  return {
    laneId: Number(attempt_lane),
    nonce: attempt_nonce,
    transactionHash: transaction_hash,
    signedTransaction: signed_transaction,
    blockHashHeight: block_hash_height,
    signedAt: fromMillis(signed_at),
  };
}
