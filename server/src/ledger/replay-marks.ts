import { int64, ListStatement, RowsStatement } from "@countersign/sql";
import { type Kysely, type RawBuilder, type SelectQueryBuilder, sql, type Transaction } from "kysely";
import { inOrderOf } from "./lock-order.ts";
import type { LedgerSchema } from "./schema.ts";
import type { AcceptInput, DelegateIdentity } from "./types.ts";

const PRUNE_BATCH = 1_000n;

/** A delegate's mark, and whose it is to be. */
export interface SubmissionMark {
  readonly network: string;
  readonly mark: NonNullable<AcceptInput["replayMark"]>;
  readonly submissionId: string;
}

const COLUMNS = [
  "network",
  "sender_id",
  "public_key",
  "nonce",
  "delegate_hash",
  "max_block_height",
  "submission_id",
] as const;
/** It only gives the statement its shape. */
const ANY_ROW = {
  network: "",
  sender_id: "",
  public_key: "",
  nonce: 0n,
  delegate_hash: "",
  max_block_height: 0n,
  submission_id: "",
};

const MARK = new RowsStatement((db: Kysely<LedgerSchema>, rows) =>
  db
    .insertInto("replay_marks")
    .columns(COLUMNS)
    .values(Array.from({ length: rows }, () => ANY_ROW))
    .onConflict((oc) => oc.doNothing())
    .returning("submission_id"),
);

/**
 * Marks delegates, of which no two have the same key and nonce, or the same hash; answers the submissions of those that
 * were not marked already.
 */
export async function setReplayMarks(
  trx: Transaction<LedgerSchema>,
  marks: readonly SubmissionMark[],
): Promise<ReadonlySet<string>> {
  const ordered = inOrderOf(marks, ({ network, mark }) => [
    network,
    mark.senderId,
    mark.publicKey,
    mark.nonce,
  ]);
  const rows = ordered.map(({ network, mark, submissionId }) => [
    ...[network, mark.senderId, mark.publicKey],
    int64(mark.nonce, "nonce of the delegate"),
    mark.delegateHash,
    int64(mark.maxBlockHeight, "max_block_height"),
    submissionId,
  ]);
  return new Set((await MARK.runInParts(trx, rows)).map(({ submission_id }) => submission_id));
}

const NONCE_COLUMNS = {
  network: "text",
  sender_id: "text",
  public_key: "text",
  nonce: "bigint",
  submission_id: "text",
} as const;

const PASSED = new ListStatement(NONCE_COLUMNS, (db: Kysely<LedgerSchema>, nonces) =>
  db
    .selectFrom(nonces)
    .select("v.submission_id")
    .where((eb) =>
      found(
        eb
          .selectFrom("replay_marks as m")
          .select("m.nonce")
          .whereRef("m.network", "=", "v.network")
          .whereRef("m.sender_id", "=", "v.sender_id")
          .whereRef("m.public_key", "=", "v.public_key")
          .whereRef("m.nonce", ">", "v.nonce"),
      ),
    ),
);

/** As `exists`, which PostgreSQL would answer for all rows by one reading of the whole table. */
function found<Schema, Table extends keyof Schema>(
  marks: SelectQueryBuilder<Schema, Table, { nonce: bigint }>,
): RawBuilder<boolean> {
  return sql<boolean>`(${marks.limit(sql.lit(1))}) is not null`;
}

/**
 * The submissions of those for which a delegate of the same key with a higher nonce is marked. To be asked before these are
 * marked themselves.
 */
export async function passedNonces(
  trx: Transaction<LedgerSchema>,
  marks: readonly SubmissionMark[],
): Promise<ReadonlySet<string>> {
  const rows = marks.map(({ network, mark, submissionId }) => [
    ...[network, mark.senderId, mark.publicKey],
    int64(mark.nonce, "nonce of the delegate"),
    submissionId,
  ]);
  const passed = await PASSED.run(trx, rows);
  return new Set(passed.flatMap(({ submission_id }) => (submission_id === null ? [] : [submission_id])));
}

const IDENTITY = {
  place: "bigint",
  network: "text",
  sender_id: "text",
  public_key: "text",
  nonce: "bigint",
  delegate_hash: "text",
} as const;

const REPLAYED = new ListStatement(IDENTITY, (db: Kysely<LedgerSchema>, delegates) =>
  db
    .selectFrom(delegates)
    .select("v.place")
    .where((eb) =>
      eb.or([
        found(
          eb
            .selectFrom("replay_marks as m")
            .select("m.nonce")
            .whereRef("m.network", "=", "v.network")
            .whereRef("m.sender_id", "=", "v.sender_id")
            .whereRef("m.public_key", "=", "v.public_key")
            .whereRef("m.nonce", "=", "v.nonce"),
        ),
        found(
          eb
            .selectFrom("replay_marks as m")
            .select("m.nonce")
            .whereRef("m.network", "=", "v.network")
            .whereRef("m.delegate_hash", "=", "v.delegate_hash"),
        ),
      ]),
    ),
);

/** Whether each of these delegates, or another one of its key and nonce, was taken on. */
export async function areReplayed(
  db: Kysely<LedgerSchema>,
  delegates: readonly { readonly network: string; readonly delegate: DelegateIdentity }[],
): Promise<boolean[]> {
  const rows = delegates.map(({ network, delegate: { senderId, publicKey, nonce, delegateHash } }, i) => [
    ...[BigInt(i), network, senderId, publicKey],
    ...[int64(nonce, "nonce of the delegate"), delegateHash],
  ]);
  const replayed = new Set((await REPLAYED.run(db, rows)).map(({ place }) => Number(place)));
  return delegates.map((_, i) => replayed.has(i));
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
