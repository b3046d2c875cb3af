import { int64, RowsStatement, toMillis } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import type { NoteChange } from "./changes.ts";
import { enterState, logEntered } from "./enter-state.ts";
import { IllegalTransitionError, NonceConflictError } from "./errors.ts";
import type { OfLane } from "./fenced-writes.ts";
import type { LedgerSchema } from "./schema.ts";
import type { SignedItem } from "./types.ts";

export async function recordSigned(
  trx: Transaction<LedgerSchema>,
  items: readonly OfLane<SignedItem>[],
  note: NoteChange,
): Promise<void> {
  if (items.length === 0) return;
  const inserted = await insertAttempts(trx, items);
  const fresh = items.filter(({ transactionHash }) => inserted.has(transactionHash));
  for (const item of items) {
    if (!inserted.has(item.transactionHash)) await checkRepeated(trx, item);
  }
  const entries = fresh.map((item) => ({
    submissionId: item.submissionId,
    laneId: item.laneId,
    at: item.at,
    signed: item,
  }));
  const { entered, left } = await enterState(trx, "SIGNED", entries, note);
  const [refused] = left;
  if (refused !== undefined) await explain(trx, refused.signed);
  await logEntered(
    trx,
    entered.map((one) => ({ one, to: "SIGNED" })),
  );
}

/** It only gives the statement its shape. */
const ANY_ROW = {
  lane_id: 0n,
  nonce: 0n,
  submission_id: "",
  transaction_hash: "",
  signed_transaction: new Uint8Array(),
  block_hash_height: 0n,
  signed_at: 0n,
};

const INSERT = new RowsStatement((db: Kysely<LedgerSchema>, rows) =>
  db
    .insertInto("attempts")
    .values(Array.from({ length: rows }, () => ANY_ROW))
    .onConflict((oc) => oc.doNothing())
    .returning("transaction_hash"),
);

/** Leaves out those whose nonce or hash is taken; answers the hashes of the others. */
async function insertAttempts(
  trx: Transaction<LedgerSchema>,
  items: readonly OfLane<SignedItem>[],
): Promise<Set<string>> {
  const rows = await INSERT.runInParts(
    trx,
    items.map((item) => [
      item.laneId,
      int64(item.nonce, "nonce"),
      ...[item.submissionId, item.transactionHash, item.signedTransaction],
      int64(item.blockHashHeight, "blockHashHeight"),
      toMillis(item.at, "at"),
    ]),
  );
  return new Set(rows.map((row) => row.transaction_hash));
}

/** The same transaction may be recorded again: its first record's answer may have been lost. */
async function checkRepeated(trx: Transaction<LedgerSchema>, item: OfLane<SignedItem>): Promise<void> {
  const { laneId } = item;
  const same = await trx
    .selectFrom("attempts")
    .select("nonce")
    .where("lane_id", "=", laneId)
    .where("nonce", "=", item.nonce)
    .where("submission_id", "=", item.submissionId)
    .where("transaction_hash", "=", item.transactionHash)
    .executeTakeFirst();
  if (same === undefined) {
    throw new NonceConflictError(`nonce ${item.nonce} of lane ${laneId} carries another transaction already`);
  }
}

async function explain(
  trx: Transaction<LedgerSchema>,
  { submissionId, laneId, nonce }: OfLane<SignedItem>,
): Promise<never> {
  const row = await trx
    .selectFrom("submissions")
    .select(["state", "nonce"])
    .where("id", "=", submissionId)
    .where("lane_id", "=", laneId)
    .executeTakeFirst();
  if (row !== undefined && row.nonce !== nonce) {
    throw new NonceConflictError(
      `nonce ${nonce} was not allocated to ${submissionId}, which has ${row.nonce}`,
    );
  }
  throw new IllegalTransitionError(
    `${submissionId} cannot enter SIGNED: ${row?.state ?? "not in this lane"}`,
  );
}
