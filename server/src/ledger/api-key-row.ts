import { fromMillis, toMillis } from "@countersign/sql";
import type { Kysely, Selectable, Transaction } from "kysely";
import type { ApiKey } from "./protection-types.ts";
import type { LedgerSchema } from "./schema.ts";
import type { ApiKeyTable } from "./schema-tenants.ts";

/** All of a tenant's, oldest first. */
export async function listApiKeys(db: Kysely<LedgerSchema>, tenant: string): Promise<ApiKey[]> {
  const rows = await orderedKeys(db).where("tenant", "=", tenant).execute();
  return rows.map(toApiKey);
}

/** Of every tenant, those that were neither revoked nor expired then; oldest first. */
export async function keysNotEndedBy(db: Kysely<LedgerSchema>, time: Date): Promise<ApiKey[]> {
  const millis = toMillis(time, "time");
  const rows = await orderedKeys(db)
    .where((eb) => eb.or([eb("revoked_at", "is", null), eb("revoked_at", ">", millis)]))
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", millis)]))
    .execute();
  return rows.map(toApiKey);
}

function orderedKeys(db: Kysely<LedgerSchema>) {
  return db.selectFrom("api_keys").selectAll().orderBy("tenant").orderBy("created_at").orderBy("id");
}

export async function findApiKey(db: Kysely<LedgerSchema>, id: string): Promise<ApiKey | undefined> {
  const row = await db.selectFrom("api_keys").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : toApiKey(row);
}

/** Whether a key that took this one's place is neither revoked nor expired. */
export async function hasSuccessor(db: Kysely<LedgerSchema>, key: ApiKey, now: Date): Promise<boolean> {
  const row = await db
    .selectFrom("api_keys")
    .select("id")
    // The tenant has an index.
    .where("tenant", "=", key.tenant)
    .where("rotated_from", "=", key.id)
    .where("revoked_at", "is", null)
    .where((eb) => eb.or([eb("expires_at", "is", null), eb("expires_at", ">", toMillis(now, "now"))]))
    .limit(1n)
    .executeTakeFirst();
  return row !== undefined;
}

export async function insertApiKey(trx: Transaction<LedgerSchema>, key: ApiKey): Promise<void> {
  await trx
    .insertInto("api_keys")
    .values({
      id: key.id,
      tenant: key.tenant,
      display_name: key.displayName,
      scopes: JSON.stringify(key.scopes),
      secret_hash: key.secretHash,
      created_at: toMillis(key.createdAt, "createdAt"),
      expires_at: nullableMillis(key.expiresAt, "expiresAt"),
      revoked_at: nullableMillis(key.revokedAt, "revokedAt"),
      last_used_at: nullableMillis(key.lastUsedAt, "lastUsedAt"),
      rotated_from: key.rotatedFrom,
    })
    .execute();
}

function toApiKey(row: Selectable<ApiKeyTable>): ApiKey {
  return {
    id: row.id,
    tenant: row.tenant,
    displayName: row.display_name,
    scopes: JSON.parse(row.scopes),
    secretHash: row.secret_hash,
    createdAt: fromMillis(row.created_at),
    expiresAt: nullableDate(row.expires_at),
    revokedAt: nullableDate(row.revoked_at),
    lastUsedAt: nullableDate(row.last_used_at),
    rotatedFrom: row.rotated_from,
  };
}

function nullableMillis(time: Date | null, field: string): bigint | null {
  return time === null ? null : toMillis(time, field);
}

function nullableDate(millis: bigint | null): Date | null {
  return millis === null ? null : fromMillis(millis);
}
