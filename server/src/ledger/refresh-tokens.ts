import { toMillis } from "@countersign/sql";
import type { Selectable, Transaction } from "kysely";
import { endSessions } from "./app-session-endings.ts";
import { toSession } from "./app-session-row.ts";
import type { AppSession, RefreshInput, RefreshResult } from "./app-session-types.ts";
import { insertAudit } from "./audit-events.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";
import type { RefreshTokenTable } from "./schema-app-sessions.ts";

export function refreshAppSession(engine: Engine, input: RefreshInput): Promise<RefreshResult> {
  return engine.write(async (trx) => {
    const session = await lockedSession(engine, trx, input);
    if (session === undefined) return { outcome: "unknown" };
    // Read under the session's lock: whoever uses one of its tokens at the same time waits for that.
    const token = await tokenOf(trx, input.tokenHash);
    if (token === undefined) return { outcome: "unknown" };
    if (token.used_at === null) return rotate(trx, session, input);
    const sealedSuccessor = await unusedSuccessor(trx, token);
    const age = input.now.getTime() - Number(token.used_at);
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
  { tokenHash, now }: RefreshInput,
): Promise<AppSession | undefined> {
  const token = await tokenOf(trx, tokenHash);
  if (token === undefined) return undefined;
  const row = await trx
    .selectFrom("app_sessions")
    .selectAll()
    .where("id", "=", token.session_id)
    .where("ended_at", "is", null)
    .where("idle_at", ">", toMillis(now, "now"))
    .$if(engine.locksRows, (q) => q.forUpdate())
    .executeTakeFirst();
  return row === undefined ? undefined : toSession(row);
}

async function rotate(
  trx: Transaction<LedgerSchema>,
  session: AppSession,
  { tokenHash, successorHash, sealedSuccessor, now, idleMs }: RefreshInput,
): Promise<RefreshResult> {
  // Its predecessor's answer has arrived, or a thief's: that one is not repeated any more.
  await trx
    .updateTable("refresh_tokens")
    .set({ sealed_successor: null })
    .where("session_id", "=", session.id)
    .where("successor_hash", "=", tokenHash)
    .execute();
  await trx
    .updateTable("refresh_tokens")
    .set({
      used_at: toMillis(now, "now"),
      successor_hash: successorHash,
      sealed_successor: sealedSuccessor,
    })
    .where("token_hash", "=", tokenHash)
    .execute();
  await trx
    .insertInto("refresh_tokens")
    .values({
      token_hash: successorHash,
      session_id: session.id,
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

function tokenOf(trx: Transaction<LedgerSchema>, hash: Uint8Array) {
  return trx.selectFrom("refresh_tokens").selectAll().where("token_hash", "=", hash).executeTakeFirst();
}
