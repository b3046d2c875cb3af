import { FixedStatement, toMillis, whole } from "@countersign/sql";
import { sql, type Transaction } from "kysely";
import { utcDay } from "../../journal/daily-totals.ts";
import type { SignerSchema } from "../../store/schema.ts";
import type { NewPresign, PresignBudget, PresignRefusal } from "../ecdsa/ecdsa-store.ts";
import { currentIncarnation } from "./current-incarnation.ts";

/** How long a presignature may lie before it gives way to a new one in a full pool, in milliseconds. */
const KEPT_MS = 600_000;

/** The parameters are: the token's hash, the time, the most. */
const ofSession = new FixedStatement<SignerSchema, { token_hash: string }>((db) =>
  db
    .updateTable("threshold_sessions")
    .set((eb) => ({ presigns: eb("presigns", "+", sql<bigint>`1`) }))
    .where("token_hash", "=", "")
    .where("expires_at", ">", 0n)
    .where("presigns", "<", 0n)
    .where("incarnation", "=", currentIncarnation)
    .returning("token_hash"),
);

/** The parameters are: tenant, user and day, the most. */
const ofDay = new FixedStatement<SignerSchema, { day: bigint }>((db) =>
  db
    .insertInto("threshold_presign_days")
    .values({ tenant: "", user_id: "", day: 0n, made: sql<bigint>`1`, incarnation: currentIncarnation })
    .onConflict((oc) =>
      oc
        .columns(["tenant", "user_id", "day", "incarnation"])
        .doUpdateSet((eb) => ({ made: eb("threshold_presign_days.made", "+", sql<bigint>`1`) }))
        .where("threshold_presign_days.made", "<", 0n),
    )
    .returning("day"),
);

/** Thrown in a transaction that is to be undone. */
export class PresignRefused extends Error {
  readonly reason: PresignRefusal;

  constructor(reason: PresignRefusal) {
    super(reason);
    this.reason = reason;
  }
}

/**
 * Takes a presignature of the session's and of the day's, and makes room for it in the key's pool. Locks the session,
 * the day and the key, in this order. Throws PresignRefused.
 */
export async function takePresign(
  trx: Transaction<SignerSchema>,
  locksRows: boolean,
  { tokenHash, owner, keyId }: NewPresign,
  { perSession, perUserDay, capacity }: PresignBudget,
  now: Date,
): Promise<void> {
  const at = toMillis(now, "time");
  const session = await ofSession.run(trx, [tokenHash, at, whole(perSession, "presignatures of a session")]);
  if (session.length === 0) throw new PresignRefused("session spent");
  const most = whole(perUserDay, "presignatures of a day");
  const day = await ofDay.run(trx, [owner.tenant, owner.user, utcDay(now), most]);
  if (day.length === 0) throw new PresignRefused("day spent");

  // Of several that count the same pool, each counts what the ones before it have added.
  const key = await trx
    .selectFrom("threshold_keys")
    .select("key_id")
    .where("key_id", "=", keyId)
    .$if(locksRows, (q) => q.forUpdate())
    .executeTakeFirst();
  if (key === undefined) throw new Error("a presignature for a key without a record");
  if ((await heldFor(trx, keyId, at)) < BigInt(capacity)) return;
  if (!(await oldestGivesWay(trx, keyId, at))) throw new PresignRefused("pool full");
}

/** Presignatures of a key that can be used, and those that are being made. */
async function heldFor(trx: Transaction<SignerSchema>, keyId: string, now: bigint): Promise<bigint> {
  const { held } = await trx
    .selectFrom("threshold_presignatures")
    .select((eb) => eb.fn.countAll<bigint>().as("held"))
    .where("key_id", "=", keyId)
    .where("state", "=", sql.lit("available"))
    .where("incarnation", "=", currentIncarnation)
    .executeTakeFirstOrThrow();
  const { made } = await trx
    .selectFrom("threshold_presigns")
    .select((eb) => eb.fn.countAll<bigint>().as("made"))
    .where("key_id", "=", keyId)
    .where("expires_at", ">", now)
    .where("stage", "<>", "done")
    .where("incarnation", "=", currentIncarnation)
    .executeTakeFirstOrThrow();
  return BigInt(held) + BigInt(made);
}

/** False when none has lain for long enough. */
async function oldestGivesWay(trx: Transaction<SignerSchema>, keyId: string, now: bigint): Promise<boolean> {
  const gone = await trx
    .deleteFrom("threshold_presignatures")
    .where("state", "=", sql.lit("available"))
    .where("id", "=", (eb) =>
      eb
        .selectFrom("threshold_presignatures as p")
        .select("p.id")
        .where("p.key_id", "=", keyId)
        .where("p.state", "=", sql.lit("available"))
        .where("p.incarnation", "=", currentIncarnation)
        .where("p.created_at", "<=", now - BigInt(KEPT_MS))
        .orderBy("p.created_at")
        .orderBy("p.id")
        .limit(1),
    )
    .returning("id")
    .executeTakeFirst();
  return gone !== undefined;
}
