import type { Kysely, Transaction } from "kysely";
import type { CallIdentity } from "./protection-types.ts";
import type { LedgerSchema } from "./schema.ts";

/** The id of the key or webhook that a call made before, "other" when its idempotency key belongs to another call. */
export async function earlierCall(
  db: Kysely<LedgerSchema>,
  call: CallIdentity | null,
): Promise<{ readonly keyId: string } | "other" | undefined> {
  if (call === null) return undefined;
  const row = await db
    .selectFrom("admin_calls")
    .select(["body_hash", "api_key_id"])
    .where("method", "=", call.method)
    .where("idempotency_key", "=", call.idempotencyKey)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return Buffer.compare(row.body_hash, call.bodyHash) === 0 ? { keyId: row.api_key_id } : "other";
}

export async function noteCall(
  trx: Transaction<LedgerSchema>,
  call: CallIdentity | null,
  keyId: string,
): Promise<void> {
  if (call === null) return;
  const { method, idempotencyKey, bodyHash } = call;
  if (bodyHash.length !== 32) throw new RangeError(`bodyHash has ${bodyHash.length} bytes, not 32`);
  await trx
    .insertInto("admin_calls")
    .values({ method, idempotency_key: idempotencyKey, body_hash: bodyHash, api_key_id: keyId })
    .execute();
}
