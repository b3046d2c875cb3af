import { toMillis } from "@countersign/sql";
import { endSessions } from "./app-session-endings.ts";
import { lockOpenSessions } from "./app-sessions.ts";
import { insertAudit } from "./audit-events.ts";
import type { AuditEvent } from "./audit-types.ts";
import type { Engine } from "./engine.ts";
import { countIdentities, insertIdentity, lockUser } from "./identities.ts";
import { readUser, usersMergedInto } from "./user-rows.ts";
import {
  MAX_IDENTITIES,
  MAX_MERGED_USERS,
  type MergeAudit,
  type NewIdentity,
  type UserStore,
} from "./user-types.ts";

export function createUser(
  engine: Engine,
  tenant: string,
  userId: string,
  identity: NewIdentity,
  audit: AuditEvent,
): ReturnType<UserStore["createUser"]> {
  return engine.write(async (trx) => {
    // The identity first: when it is there already, nothing is written.
    if ((await insertIdentity(trx, tenant, userId, identity)) !== undefined) {
      return { outcome: "identity-exists" };
    }
    await trx
      .insertInto("users")
      .values({
        tenant,
        id: userId,
        created_at: toMillis(identity.createdAt, "createdAt"),
        merged_into: null,
      })
      .execute();
    await insertAudit(trx, [audit]);
    const user = await readUser(trx, tenant, userId);
    if (user === undefined) throw new Error(`user ${userId} is not there after it was stored`);
    return { outcome: "created", user };
  });
}

export function mergeUsers(
  engine: Engine,
  tenant: string,
  userId: string,
  otherId: string,
  audit: MergeAudit,
): ReturnType<UserStore["mergeUsers"]> {
  return engine.write(async (trx) => {
    // In one order, so that two merges of the same users do not wait for each other.
    const isThere = new Map<string, boolean>();
    for (const id of [userId, otherId].sort()) isThere.set(id, await lockUser(engine, trx, tenant, id));
    const before = await readUser(trx, tenant, userId);
    if (before === undefined) return { outcome: "user-gone" };
    if (before.mergedUsers.includes(otherId)) return { outcome: "repeated", user: before };
    if (userId === otherId || isThere.get(otherId) !== true) return { outcome: "other-gone" };

    const others = [otherId, ...(await usersMergedInto(trx, tenant, otherId))];
    const identities = before.identities.length + (await countIdentities(trx, tenant, otherId));
    const isTooMuch =
      before.mergedUsers.length + others.length > MAX_MERGED_USERS || identities > MAX_IDENTITIES;
    if (isTooMuch) return { outcome: "too-many" };
    await trx
      .updateTable("users")
      .set({ merged_into: userId })
      .where("tenant", "=", tenant)
      .where("id", "in", others)
      .execute();
    await trx
      .updateTable("identities")
      .set({ user_id: userId })
      .where("tenant", "=", tenant)
      .where("user_id", "=", otherId)
      .execute();
    const endedSessions = await lockOpenSessions(engine, trx, tenant, otherId, null);
    await insertAudit(trx, endedSessions.length > 0 ? [audit.merged, audit.sessionsEnded] : [audit.merged]);
    const user = await readUser(trx, tenant, userId);
    if (user === undefined) throw new Error(`user ${userId} is gone although it is locked`);
    await endSessions(trx, endedSessions, audit.merged.at);
    return { outcome: "merged", user, endedSessions };
  });
}
