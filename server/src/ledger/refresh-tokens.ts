import { toMillis } from "@countersign/sql";
import type { Kysely, Selectable, Transaction } from "kysely";
import { endSessions } from "./app-session-endings.ts";
import { toSession } from "./app-session-row.ts";
import type { AppSession, RefreshInput, RefreshResult, RefreshTokenHashes } from "./app-session-types.ts";
import { insertAudit } from "./audit-events.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";
import type { RefreshTokenTable } from "./schema-app-sessions.ts";

export function refreshAppSession(engine: Engine, input: RefreshInput): Promise<RefreshResult> {
  return engine.write(async (trx) => {
    const session = await lockedSession(engine, trx, input);
    if (session === undefined) return { outcome: "unknown" };
    // Read under the session's lock: whoever uses one of its tokens at the same time waits for that.
    const token = await tokenOf(trx, input.hashes.token);
    if (token?.used_at === null) return rotate(trx, session, input);
    // One of the family that is not kept any more was used before the one that is.
    const sealedSuccessor = token && (await unusedSuccessor(trx, token));
    const age = input.now.getTime() - Number(token?.used_at);
    if (sealedSuccessor !== undefined && age <= input.retryMs) {
      return { outcome: "repeated", session, sealedSuccessor };
    }
    const { id, tenant, userId } = session;
    const detail = { session: id };
    await insertAudit(trx, [
      { tenant, kind: "session.token_reused", actor: `user:${userId}`, at: input.now, detail },
    ]);
    await endSessions(trx, [id], input.now);
    return { outcome: "reused", session };
  });
}

async function lockedSession(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  { hashes, now }: RefreshInput,
): Promise<AppSession | undefined> {
  const sessionId = await sessionIdOf(trx, hashes);
  if (sessionId === undefined) return undefined;
  const row = await trx
    .selectFrom("app_sessions")
    .selectAll()
    .where("id", "=", sessionId)
    .where("ended_at", "is", null)
    .where("idle_at", ">", toMillis(now, "now"))
    .$if(engine.locksRows, (q) => q.forUpdate())
    .executeTakeFirst();
  return row === undefined ? undefined : toSession(row);
}

async function rotate(
  trx: Transaction<LedgerSchema>,
  session: AppSession,
  { hashes, successorHash, sealedSuccessor, now, idleMs }: RefreshInput,
): Promise<RefreshResult> {
  // Its predecessor's answer has arrived, or a thief's: that one is not repeated any more.
  await trx
    .updateTable("refresh_tokens")
    .set({ sealed_successor: null })
    .where("session_id", "=", session.id)
    .where("successor_hash", "=", hashes.token)
    .execute();
  await trx
    .deleteFrom("refresh_tokens")
    .where("session_id", "=", session.id)
    .where("family_hash", "=", hashes.family)
    .where("token_hash", "!=", hashes.token)
    .execute();
  await trx
    .updateTable("refresh_tokens")
    .set({
      // Those of before there were families are one from now on.
      family_hash: hashes.family,
      used_at: toMillis(now, "now"),
      successor_hash: successorHash,
      sealed_successor: sealedSuccessor,
    })
    .where("token_hash", "=", hashes.token)
    .execute();
  await trx
    .insertInto("refresh_tokens")
    .values({
      token_hash: successorHash,
      session_id: session.id,
      family_hash: hashes.family,
      used_at: null,
      successor_hash: null,
      sealed_successor: null,
    })
    .execute();
  const idleAt = new Date(Math.min(now.getTime() + idleMs, session.expiresAt.getTime()));
  const refreshed = { ...session, refreshedAt: now, idleAt };
  await trx
    .updateTable("app_sessions")
    .set({
      refreshed_at: toMillis(refreshed.refreshedAt, "refreshedAt"),
      idle_at: toMillis(refreshed.idleAt, "idleAt"),
    })
    .where("id", "=", session.id)
    .execute();
  return { outcome: "rotated", session: refreshed };
}

/** As it was sealed for the token's holder; undefined once it was used. */
async function unusedSuccessor(
  trx: Transaction<LedgerSchema>,
  { successor_hash, sealed_successor }: Selectable<RefreshTokenTable>,
): Promise<Uint8Array | undefined> {
  if (successor_hash === null || sealed_successor === null) return undefined;
  const successor = await tokenOf(trx, successor_hash);
  return successor?.used_at === null ? sealed_successor : undefined;
}

/** The session whose token this is, or was. */
export async function sessionIdOf(
  db: Kysely<LedgerSchema>,
  { token, family }: RefreshTokenHashes,
): Promise<string | undefined> {
  const row =
    (await tokenOf(db, token)) ??
    (await db
      .selectFrom("refresh_tokens")
      .select("session_id")
      .where("family_hash", "=", family)
      .limit(1n)
      .executeTakeFirst());
  return row?.session_id;
}

function tokenOf(db: Kysely<LedgerSchema>, hash: Uint8Array) {
  return db.selectFrom("refresh_tokens").selectAll().where("token_hash", "=", hash).executeTakeFirst();
}
