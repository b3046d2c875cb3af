import type { Kysely, Selectable, Transaction } from "kysely";
import { fromMillis, toMillis } from "./column-values.ts";
import type { ApiKey } from "./protection-types.ts";
import type { LedgerSchema } from "./schema.ts";
import type { ApiKeyTable } from "./schema-tenants.ts";

/** Of every tenant, or of one; oldest first. */
export async function listApiKeys(db: Kysely<LedgerSchema>, tenant?: string): Promise<ApiKey[]> {
  const rows = await db
    .selectFrom("api_keys")
    .selectAll()
    .$if(tenant !== undefined, (q) => q.where("tenant", "=", tenant ?? ""))
    .orderBy("tenant")
    .orderBy("created_at")
    .orderBy("id")
    .execute();
  return rows.map(toApiKey);
}

export async function findApiKey(db: Kysely<LedgerSchema>, id: string): Promise<ApiKey | undefined> {
  const row = await db.selectFrom("api_keys").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? undefined : toApiKey(row);
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
