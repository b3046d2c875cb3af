import { fromMillis, toMillis, whole } from "@countersign/sql";
import type { Insertable, Kysely, Selectable, Transaction, Updateable } from "kysely";
import { insertAudit } from "./audit-events.ts";
import type { AuditEvent } from "./audit-types.ts";
import type { KeyOperation, KeyOperationChange, KeyOperationStore } from "./key-operation-types.ts";
import type { LedgerSchema } from "./schema.ts";
import type { KeyOperationTable } from "./schema-key-operations.ts";

export async function startKeyOperation(
  trx: Transaction<LedgerSchema>,
  operation: KeyOperation,
  audit: AuditEvent,
): ReturnType<KeyOperationStore["startKeyOperation"]> {
  for (;;) {
    const { numInsertedOrUpdatedRows } = await trx
      .insertInto("key_operations")
      .values(toRow(operation))
      .onConflict((oc) => oc.doNothing())
      .executeTakeFirstOrThrow();
    if (numInsertedOrUpdatedRows === 1n) {
      await insertAudit(trx, [audit]);
      return { outcome: "started", operation };
    }
    const running = await openOf(trx, operation);
    if (running !== undefined) return { outcome: "running", operation: running };
    // The one that was in the way has just come to its end.
  }
}

async function openOf(
  db: Kysely<LedgerSchema>,
  { network, accountId }: KeyOperation,
): Promise<KeyOperation | undefined> {
  const row = await db
    .selectFrom("key_operations")
    .selectAll()
    .where("network", "=", network)
    .where("account_id", "=", accountId)
    .where("ended_at", "is", null)
    .executeTakeFirst();
  return row === undefined ? undefined : toOperation(row);
}

export async function findKeyOperation(
  db: Kysely<LedgerSchema>,
  network: string,
  id: string,
): Promise<KeyOperation | undefined> {
  const row = await db
    .selectFrom("key_operations")
    .selectAll()
    .where("id", "=", id)
    .where("network", "=", network)
    .executeTakeFirst();
  return row === undefined ? undefined : toOperation(row);
}

export async function openKeyOperations(db: Kysely<LedgerSchema>, network: string): Promise<KeyOperation[]> {
  const rows = await db
    .selectFrom("key_operations")
    .selectAll()
    .where("network", "=", network)
    .where("ended_at", "is", null)
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(toOperation);
}

export async function listKeyOperations(
  db: Kysely<LedgerSchema>,
  network: string,
  accountId: string,
  limit: number,
): Promise<KeyOperation[]> {
  const rows = await db
    .selectFrom("key_operations")
    .selectAll()
    .where("network", "=", network)
    .where("account_id", "=", accountId)
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(whole(limit, "limit"))
    .execute();
  return rows.map(toOperation);
}

export async function changeKeyOperation(
  trx: Transaction<LedgerSchema>,
  { id, version }: Pick<KeyOperation, "id" | "version">,
  change: KeyOperationChange,
  audit: AuditEvent | null,
): Promise<KeyOperation | undefined> {
  const row = await trx
    .updateTable("key_operations")
    .set({ ...toColumns(change), version: whole(version + 1, "version") })
    .where("id", "=", id)
    .where("version", "=", whole(version, "version"))
    .where("ended_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) return undefined;
  if (audit !== null) await insertAudit(trx, [audit]);
  return toOperation(row);
}

/** Reads open work alone, through the lanes of the account. */
export async function openByKey(
  db: Kysely<LedgerSchema>,
  network: string,
  accountId: string,
): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom("lanes as l")
    .innerJoin("submissions as s", "s.lane_id", "l.id")
    .select((eb) => ["l.public_key", eb.fn.countAll<bigint>().as("count")])
    .where("l.network", "=", network)
    .where("l.account_id", "=", accountId)
    .where("s.lane_id", "is not", null)
    .where("s.terminal_at", "is", null)
    .groupBy("l.public_key")
    .execute();
  return new Map(rows.map(({ public_key, count }) => [public_key, Number(count)]));
}

/** A relayer's account is exclusive to changes of its keys: nobody can have it created. */
export async function openKeyChange(
  db: Kysely<LedgerSchema>,
  network: string,
  accountId: string,
): Promise<string | undefined> {
  const row = await db
    .selectFrom("submissions")
    .select("id")
    .where("network", "=", network)
    .where("exclusive_account", "=", accountId)
    .where("exclusive_account", "is not", null)
    .where("terminal_at", "is", null)
    .where("kind", "=", "KEY_CHANGE")
    .executeTakeFirst();
  return row?.id;
}

function toColumns(change: KeyOperationChange): Updateable<KeyOperationTable> {
  const { step, newPublicKey, submissionId, failedSubmissions, tries, problem, tryAt, stepAt, endedAt } =
    change;
  return {
    ...(step === undefined ? {} : { step }),
    ...(newPublicKey === undefined ? {} : { new_public_key: newPublicKey }),
    ...(submissionId === undefined ? {} : { submission_id: submissionId }),
    ...(failedSubmissions === undefined
      ? {}
      : { failed_submissions: whole(failedSubmissions, "failedSubmissions") }),
    ...(tries === undefined ? {} : { tries: whole(tries, "tries") }),
    ...(problem === undefined ? {} : { problem }),
    ...(tryAt === undefined ? {} : { try_at: toMillis(tryAt, "tryAt") }),
    ...(stepAt === undefined ? {} : { step_at: toMillis(stepAt, "stepAt") }),
    ...(endedAt === undefined ? {} : { ended_at: endedAt === null ? null : toMillis(endedAt, "endedAt") }),
  };
}

function toRow(operation: KeyOperation): Insertable<KeyOperationTable> {
  const { id, network, accountId, kind, step, newKeyId, oldKeyId, oldPublicKey } = operation;
  return {
    ...{ id, network, kind, step },
    account_id: accountId,
    new_key_id: newKeyId,
    new_public_key: operation.newPublicKey,
    old_key_id: oldKeyId,
    old_public_key: oldPublicKey,
    submission_id: operation.submissionId,
    failed_submissions: whole(operation.failedSubmissions, "failedSubmissions"),
    tries: whole(operation.tries, "tries"),
    problem: operation.problem,
    try_at: toMillis(operation.tryAt, "tryAt"),
    actor: operation.actor,
    reason: operation.reason,
    created_at: toMillis(operation.createdAt, "createdAt"),
    step_at: toMillis(operation.stepAt, "stepAt"),
    ended_at: operation.endedAt === null ? null : toMillis(operation.endedAt, "endedAt"),
    version: whole(operation.version, "version"),
  };
}

function toOperation(row: Selectable<KeyOperationTable>): KeyOperation {
  const { id, network, kind, step, problem, actor, reason } = row;
  return {
    ...{ id, network, kind, step, problem, actor, reason },
    accountId: row.account_id,
    newKeyId: row.new_key_id,
    newPublicKey: row.new_public_key,
    oldKeyId: row.old_key_id,
    oldPublicKey: row.old_public_key,
    submissionId: row.submission_id,
    failedSubmissions: Number(row.failed_submissions),
    tries: Number(row.tries),
    tryAt: fromMillis(row.try_at),
    createdAt: fromMillis(row.created_at),
    stepAt: fromMillis(row.step_at),
    endedAt: row.ended_at === null ? null : fromMillis(row.ended_at),
    version: Number(row.version),
  };
}
