import { slices, toMillis, whole } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import { endSessions } from "./app-session-endings.ts";
import { toSession, toSessionRow } from "./app-session-row.ts";
import type { AppSession, AppSessionStore, RefreshTokenHashes } from "./app-session-types.ts";
import { insertAudit } from "./audit-events.ts";
import type { AuditEvent } from "./audit-types.ts";
import type { Engine } from "./engine.ts";
import { lockUser } from "./identities.ts";
import { sessionIdOf } from "./refresh-tokens.ts";
import type { LedgerSchema } from "./schema.ts";

const PRUNE_BATCH = 1_000n;

export function createAppSession(
  engine: Engine,
  session: AppSession,
  hashes: RefreshTokenHashes,
  keep: number,
  audit: AuditEvent,
): ReturnType<AppSessionStore["createAppSession"]> {
  return engine.write(async (trx) => {
    const { id, tenant, userId, createdAt } = session;
    // A merge waits until the session is there to be ended, or has come before.
    if (!(await lockUser(engine, trx, tenant, userId))) return undefined;
    await trx.insertInto("app_sessions").values(toSessionRow(session)).execute();
    await trx
      .insertInto("refresh_tokens")
      .values({
        token_hash: hashes.token,
        session_id: id,
        family_hash: hashes.family,
        used_at: null,
        successor_hash: null,
        sealed_successor: null,
      })
      .execute();
    const excess = await openSessions(trx, tenant, userId)
      .select("id")
      .where("id", "!=", id)
      .orderBy("created_at", "desc")
      .orderBy("id", "desc")
      .limit(1000n)
      .offset(whole(keep - 1, "keep"))
      .execute();
    const ended = await lockOpen(
      engine,
      trx,
      excess.map((row) => row.id),
    );
    await insertAudit(trx, [audit]);
    await endSessions(trx, ended, createdAt);
    return ended;
  });
}

export async function sessionOfToken(
  db: Kysely<LedgerSchema>,
  hashes: RefreshTokenHashes,
  now: Date,
): Promise<AppSession | undefined> {
  const sessionId = await sessionIdOf(db, hashes);
  if (sessionId === undefined) return undefined;
  const row = await db
    .selectFrom("app_sessions")
    .selectAll()
    .where("id", "=", sessionId)
    .where("ended_at", "is", null)
    .where("idle_at", ">", toMillis(now, "now"))
    .executeTakeFirst();
  return row === undefined ? undefined : toSession(row);
}

export async function listAppSessions(
  db: Kysely<LedgerSchema>,
  tenant: string,
  userId: string,
  now: Date,
  limit: number,
): Promise<AppSession[]> {
  const rows = await openSessions(db, tenant, userId)
    .selectAll()
    .where("idle_at", ">", toMillis(now, "now"))
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(whole(limit, "limit"))
    .execute();
  return rows.map(toSession);
}

export function endAppSessions(
  engine: Engine,
  tenant: string,
  userId: string,
  sessionId: string | null,
  now: Date,
  audit: AuditEvent,
): ReturnType<AppSessionStore["endAppSessions"]> {
  return engine.write(async (trx) => {
    const ended = await lockOpenSessions(engine, trx, tenant, userId, sessionId);
    if (ended.length === 0) return [];
    await insertAudit(trx, [audit]);
    await endSessions(trx, ended, now);
    return ended;
  });
}

/** Keeps a user's open session, or all of them with null, open until the transaction ends; answers which those are. */
export async function lockOpenSessions(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  tenant: string,
  userId: string,
  sessionId: string | null,
): Promise<string[]> {
  const found = await openSessions(trx, tenant, userId)
    .select("id")
    .$if(sessionId !== null, (q) => q.where("id", "=", sessionId ?? ""))
    .execute();
  return lockOpen(
    engine,
    trx,
    found.map(({ id }) => id),
  );
}

/** Refresh tokens first: those of a session that is gone are unknown. */
export async function pruneAppSessions(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  before: Date,
): Promise<number> {
  const millis = toMillis(before, "before");
  const ended = await trx
    .selectFrom("app_sessions")
    .select("id")
    .where("ended_at", "<", millis)
    .orderBy("ended_at")
    .limit(PRUNE_BATCH)
    .$if(engine.locksRows, (q) => q.forUpdate().skipLocked())
    .execute();
  const idle = await trx
    .selectFrom("app_sessions")
    .select("id")
    .where("idle_at", "<", millis)
    .orderBy("idle_at")
    .limit(PRUNE_BATCH)
    .$if(engine.locksRows, (q) => q.forUpdate().skipLocked())
    .execute();
  const ids = [...new Set([...ended, ...idle].map(({ id }) => id))].sort().slice(0, Number(PRUNE_BATCH));
  for (const some of slices(ids, 1, 0)) {
    await trx.deleteFrom("refresh_tokens").where("session_id", "in", some).execute();
    await trx.deleteFrom("app_sessions").where("id", "in", some).execute();
  }
  return ids.length;
}

function openSessions(db: Kysely<LedgerSchema>, tenant: string, userId: string) {
  return db
    .selectFrom("app_sessions")
    .where("tenant", "=", tenant)
    .where("user_id", "=", userId)
    .where("ended_at", "is", null);
}

/** Keeps sessions open until the transaction ends; answers those that still are. In one order, against deadlocks. */
async function lockOpen(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  ids: readonly string[],
): Promise<string[]> {
  if (ids.length === 0 || !engine.locksRows) return [...ids];
  const rows = await trx
    .selectFrom("app_sessions")
    .select("id")
    .where("id", "in", ids)
    .where("ended_at", "is", null)
    .orderBy("id")
    .forUpdate()
    .execute();
  return rows.map(({ id }) => id);
}
