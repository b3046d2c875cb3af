import type { Transaction } from "kysely";
import { appendAudit } from "../audit/append-audit.ts";
import type { SignerSchema } from "./schema.ts";

/**
 * Locks the journal for all keys until their nonces are read from the chain again. In the audit once, with its reason,
 * if there was a floor to forget.
 */
export async function forgetFloors(
  trx: Transaction<SignerSchema>,
  reason: string,
  { now, actor }: { readonly now: Date; readonly actor: string },
): Promise<void> {
  const locked = await trx
    .updateTable("key_records")
    .set({ nonce_floor: null })
    .where("nonce_floor", "is not", null)
    .returning("key_id")
    .execute();
  if (locked.length === 0) return;
  const detail = { reason, keys: locked.length.toString() };
  await appendAudit(trx, [{ at: now, kind: "journal locked", actor, keyId: "", detail }]);
}
