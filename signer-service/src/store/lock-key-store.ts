import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type Engine, fromMillis, toMillis } from "@countersign/sql";
import type { Selectable, Transaction } from "kysely";
import { appendAudit } from "../audit/append-audit.ts";
import { fromHex, toHex } from "../chain/hash-text.ts";
import type {
  LockKeyRecord,
  LockKeyRecords,
  LockKeyState,
  NewLockKey,
  SuiteNumber,
} from "../lock/lock-key-records.ts";
import type { LockKeyTable, SignerSchema } from "./schema.ts";

/** The lock keys of a store. */
export function lockKeysOver(engine: Engine<SignerSchema>, now: () => Date): LockKeyRecords {
  return {
    list: () =>
      engine.read(async (db) =>
        (
          await db
            .selectFrom("lock_keys")
            .selectAll()
            .orderBy("created_at", "desc")
            .orderBy("key_id")
            .execute()
        ).map(fromRow),
      ),
    rotate: (key, replaced, actor) => engine.write((trx) => rotate(trx, key, replaced, actor, now())),
    retire: (keyId, actor) => engine.write((trx) => retire(trx, keyId, actor, now())),
  };
}

async function rotate(
  trx: Transaction<SignerSchema>,
  key: NewLockKey,
  replaced: string,
  actor: string,
  at: Date,
): Promise<LockKeyRecord> {
  const millis = toMillis(at, "time of a rotation");
  const suite = BigInt(key.suite);
  if (replaced !== "") {
    // Of several rotations at once, one finds it current.
    const [graced] = await trx
      .updateTable("lock_keys")
      .set({ state: "GRACE", grace_at: millis })
      .where("key_id", "=", replaced)
      .where("suite", "=", suite)
      .where("state", "=", "CURRENT")
      .returning("key_id")
      .execute();
    if (graced === undefined) return successorOf(trx, suite, replaced);
  }
  const inserted = await trx
    .insertInto("lock_keys")
    .values({
      key_id: key.keyId,
      suite,
      commitment: toHex(key.commitment),
      state: "CURRENT",
      sealed: toHex(key.sealed),
      replaced,
      created_at: millis,
      grace_at: null,
      retired_at: null,
    })
    .onConflict((oc) => oc.doNothing())
    .returningAll()
    .executeTakeFirst();
  if (inserted === undefined) return successorOf(trx, suite, replaced);
  const detail = { suite: suite.toString(), replaced };
  await appendAudit(trx, [{ at, kind: "lock key rotated", actor, keyId: key.keyId, detail }]);
  return fromRow(inserted);
}

/** The current key, when it is what took the place of `replaced`. */
async function successorOf(
  trx: Transaction<SignerSchema>,
  suite: bigint,
  replaced: string,
): Promise<LockKeyRecord> {
  const row = await trx
    .selectFrom("lock_keys")
    .selectAll()
    .where("suite", "=", suite)
    .where("state", "=", "CURRENT")
    .executeTakeFirst();
  if (row !== undefined && row.replaced === replaced) return fromRow(row);
  const message =
    row === undefined
      ? "the suite has no current lock key: name none to make the first"
      : `the suite's current lock key is ${row.key_id}`;
  throw new DomainError(ErrorReason.LOCK_KEY_STATE_CONFLICT, message);
}

async function retire(
  trx: Transaction<SignerSchema>,
  keyId: string,
  actor: string,
  at: Date,
): Promise<LockKeyRecord> {
  const retired = await trx
    .updateTable("lock_keys")
    .set({ state: "RETIRED", sealed: null, retired_at: toMillis(at, "time of a retirement") })
    .where("key_id", "=", keyId)
    .where("state", "=", "GRACE")
    .returningAll()
    .executeTakeFirst();
  if (retired !== undefined) {
    const detail = { suite: retired.suite.toString() };
    await appendAudit(trx, [{ at, kind: "lock key retired", actor, keyId, detail }]);
    return fromRow(retired);
  }
  const row = await trx.selectFrom("lock_keys").selectAll().where("key_id", "=", keyId).executeTakeFirst();
  if (row === undefined) {
    throw new DomainError(ErrorReason.LOCK_KEY_UNKNOWN, "there is no such lock key");
  }
  if (row.state !== "RETIRED") {
    const message = "the lock key is current: put another in its place first";
    throw new DomainError(ErrorReason.LOCK_KEY_STATE_CONFLICT, message);
  }
  return fromRow(row);
}

function fromRow(row: Selectable<LockKeyTable>): LockKeyRecord {
  return {
    keyId: row.key_id,
    suite: Number(row.suite) as SuiteNumber,
    commitment: fromHex(row.commitment),
    state: row.state as LockKeyState,
    sealed: row.sealed === null ? null : fromHex(row.sealed),
    createdAt: fromMillis(row.created_at),
    graceAt: row.grace_at === null ? null : fromMillis(row.grace_at),
    retiredAt: row.retired_at === null ? null : fromMillis(row.retired_at),
  };
}
