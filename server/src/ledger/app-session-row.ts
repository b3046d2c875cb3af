import { fromMillis, toMillis } from "@countersign/sql";
import type { Insertable, Selectable } from "kysely";
import type { AppSession } from "./app-session-types.ts";
import type { AppSessionTable } from "./schema-app-sessions.ts";

export function toSession(row: Selectable<AppSessionTable>): AppSession {
  return {
    id: row.id,
    tenant: row.tenant,
    userId: row.user_id,
    createdAt: fromMillis(row.created_at),
    refreshedAt: fromMillis(row.refreshed_at),
    idleAt: fromMillis(row.idle_at),
    expiresAt: fromMillis(row.expires_at),
  };
}

export function toSessionRow(session: AppSession): Insertable<AppSessionTable> {
  return {
    id: session.id,
    tenant: session.tenant,
    user_id: session.userId,
    created_at: toMillis(session.createdAt, "createdAt"),
    refreshed_at: toMillis(session.refreshedAt, "refreshedAt"),
    idle_at: toMillis(session.idleAt, "idleAt"),
    expires_at: toMillis(session.expiresAt, "expiresAt"),
    ended_at: null,
    end_sequence: null,
  };
}
