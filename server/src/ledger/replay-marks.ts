import { int64 } from "@countersign/sql";
import { type Kysely, sql, type Transaction } from "kysely";
import type { LedgerSchema } from "./schema.ts";
import type { AcceptInput, DelegateIdentity } from "./types.ts";

const PRUNE_BATCH = 1_000n;

/** Marks a delegate; false when its key and nonce, or its hash, are marked already. */
export async function setReplayMark(
  trx: Transaction<LedgerSchema>,
  network: string,
  mark: NonNullable<AcceptInput["replayMark"]>,
  submissionId: string,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto("replay_marks")
    .values({
      network,
      sender_id: mark.senderId,
      public_key: mark.publicKey,
      nonce: int64(mark.nonce, "nonce of the delegate"),
      delegate_hash: mark.delegateHash,
      max_block_height: int64(mark.maxBlockHeight, "max_block_height"),
      submission_id: submissionId,
    })
    .onConflict((oc) => oc.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}

/** Whether a delegate of the same key with a higher nonce is marked. */
export async function isNoncePassed(
  trx: Transaction<LedgerSchema>,
  network: string,
  mark: NonNullable<AcceptInput["replayMark"]>,
): Promise<boolean> {
  const higher = await trx
    .selectFrom("replay_marks")
    .select("nonce")
    .where("network", "=", network)
    .where("sender_id", "=", mark.senderId)
    .where("public_key", "=", mark.publicKey)
    .where("nonce", ">", int64(mark.nonce, "nonce of the delegate"))
    .limit(1n)
    .executeTakeFirst();
  return higher !== undefined;
}

export async function isReplayed(
  db: Kysely<LedgerSchema>,
  network: string,
  { senderId, publicKey, nonce, delegateHash }: DelegateIdentity,
): Promise<boolean> {
  const mark = await db
    .selectFrom("replay_marks")
    .select("submission_id")
    .where("network", "=", network)
    .where((eb) =>
      eb.or([
        eb.and([
          eb("sender_id", "=", senderId),
          eb("public_key", "=", publicKey),
          eb("nonce", "=", int64(nonce, "nonce of the delegate")),
        ]),
        eb("delegate_hash", "=", delegateHash),
      ]),
    )
    .limit(1n)
    .executeTakeFirst();
  return mark !== undefined;
}

/** Gives up the marks of submissions whose delegate was never relayed and never will be. */
export async function releaseReplayMarks(
  trx: Transaction<LedgerSchema>,
  submissionIds: readonly string[],
): Promise<void> {
  if (submissionIds.length === 0) return;
  const ids = sql.join(submissionIds);
  // Found by the hash, which has an index.
  await sql`delete from replay_marks
    where submission_id in (${ids})
    and (network, delegate_hash) in (select network, delegate_hash from submissions where id in (${ids}))
  `.execute(trx);
}

/** A delegate can land up to its max_block_height, that block included (NEP-366). */
export async function pruneReplayMarks(
  trx: Transaction<LedgerSchema>,
  network: string,
  finalHeight: bigint,
): Promise<number> {
  const { numDeletedRows } = await trx
    .deleteFrom("replay_marks")
    .where("network", "=", network)
    .where((eb) =>
      eb(
        "delegate_hash",
        "in",
        eb
          .selectFrom("replay_marks as m")
          .innerJoin("submissions as s", "s.id", "m.submission_id")
          .select("m.delegate_hash")
          .where("m.network", "=", network)
          .where("m.max_block_height", "<", int64(finalHeight, "final height"))
          .where("s.terminal_at", "is not", null)
          .orderBy("m.max_block_height")
          .limit(PRUNE_BATCH),
      ),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
