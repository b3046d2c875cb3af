import { toMillis, valueList } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import { earlierCall, noteCall } from "./admin-calls.ts";
import { findApiKey, hasSuccessor, insertApiKey } from "./api-key-row.ts";
import type { AuditEvent } from "./audit-types.ts";
import type { Engine } from "./engine.ts";
import { change } from "./protection-changes.ts";
import type { ApiKey, CallIdentity, ProtectionStore } from "./protection-types.ts";
import type { LedgerSchema } from "./schema.ts";
import { isTenant } from "./tenants.ts";

export function createApiKey(
  engine: Engine,
  key: ApiKey,
  repeat: CallIdentity | null,
  audit: AuditEvent,
): ReturnType<ProtectionStore["createApiKey"]> {
  return change(engine, async (trx, record) => {
    const earlier = await earlierCall(trx, repeat);
    if (earlier === "other") return { outcome: "key-reused" };
    if (earlier !== undefined) return { outcome: "repeated", key: await knownKey(trx, earlier.keyId) };
    if (!(await isTenant(trx, key.tenant))) return { outcome: "tenant-not-found" };
    await insertApiKey(trx, key);
    await noteCall(trx, repeat, key.id);
    await record(audit);
    return { outcome: "created", key };
  });
}

export function rotateApiKey(
  engine: Engine,
  oldId: string,
  oldExpiresAt: Date,
  successor: ApiKey,
  repeat: CallIdentity | null,
  audit: (oldKeyEndsAt: Date) => AuditEvent,
): ReturnType<ProtectionStore["rotateApiKey"]> {
  return change(engine, async (trx, record) => {
    const earlier = await earlierCall(trx, repeat);
    if (earlier === "other") return { outcome: "key-reused" };
    if (earlier !== undefined) {
      const key = await knownKey(trx, earlier.keyId);
      return { outcome: "repeated", key, oldKey: await knownKey(trx, key.rotatedFrom ?? oldId) };
    }
    const old = await findApiKey(trx, oldId);
    if (old === undefined || old.tenant !== successor.tenant) return { outcome: "not-found" };
    const now = successor.createdAt;
    if (!isActive(old, now) || (await hasSuccessor(trx, old, now))) return { outcome: "not-active" };

    const key = { ...successor, rotatedFrom: oldId };
    await insertApiKey(trx, key);
    const expiresAt = earliest(old.expiresAt, oldExpiresAt);
    await trx
      .updateTable("api_keys")
      .set({ expires_at: toMillis(expiresAt, "oldExpiresAt") })
      .where("id", "=", oldId)
      .execute();
    await noteCall(trx, repeat, key.id);
    await record(audit(expiresAt));
    return { outcome: "created", key, oldKey: { ...old, expiresAt } };
  });
}

function isActive({ revokedAt, expiresAt }: ApiKey, now: Date): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now);
}

function earliest(a: Date | null, b: Date): Date {
  return a !== null && a < b ? a : b;
}

async function knownKey(db: Kysely<LedgerSchema>, id: string): Promise<ApiKey> {
  const key = await findApiKey(db, id);
  if (key === undefined) throw new Error(`an earlier call names the API key ${id}, which is not there`);
  return key;
}

export function revokeApiKey(
  engine: Engine,
  tenant: string,
  id: string,
  at: Date,
  audit: AuditEvent,
): Promise<ApiKey | undefined> {
  return change(engine, async (trx, record) => {
    const key = await findApiKey(trx, id);
    if (key === undefined || key.tenant !== tenant) return undefined;
    if (key.revokedAt !== null) return key;
    await trx
      .updateTable("api_keys")
      .set({ revoked_at: toMillis(at, "at") })
      .where("id", "=", id)
      .execute();
    await record(audit);
    return { ...key, revokedAt: at };
  });
}

/** Unknown keys are passed over, and so is a use before the last one. */
export async function touchApiKeys(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  uses: readonly { readonly id: string; readonly at: Date }[],
): Promise<void> {
  const last = new Map<string, bigint>();
  for (const { id, at } of uses) {
    const millis = toMillis(at, "at");
    if (millis > (last.get(id) ?? -1n)) last.set(id, millis);
  }
  if (last.size === 0) return;
  if (engine.locksRows) {
    // In one order, so that two replicas do not wait for each other.
    await trx
      .selectFrom("api_keys")
      .select("id")
      .where("id", "in", [...last.keys()])
      .orderBy("id")
      .forUpdate()
      .execute();
  }
  const rows = [...last].map(([id, at]) => ({ id, at }));
  await trx
    .updateTable("api_keys as k")
    .from(valueList("v", { id: "text", at: "bigint" }, rows))
    .set((eb) => ({ last_used_at: eb.ref("v.at") }))
    .whereRef("k.id", "=", "v.id")
    .where((eb) => eb.or([eb("k.last_used_at", "is", null), eb("k.last_used_at", "<", eb.ref("v.at"))]))
    .execute();
}
