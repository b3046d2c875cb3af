import type { Transaction } from "kysely";
import { appendAudit } from "../audit/append-audit.ts";
import type { SignerSchema } from "./schema.ts";

/**
 * Locks the journal for all keys until their nonces are read from the chain again, and revokes the admin grants: a store
 * that was put back does not know which were revoked or used since. In the audit once, with its reason, if there was a
 * floor to forget, and once for each grant.
 */
export async function forgetFloors(
  trx: Transaction<SignerSchema>,
  reason: string,
  { now: at, actor }: { readonly now: Date; readonly actor: string },
): Promise<void> {
  const locked = await trx
    .updateTable("key_records")
    .set({ nonce_floor: null })
    .where("nonce_floor", "is not", null)
    .returning("key_id")
    .execute();
  const revoked = await trx
    .updateTable("admin_grants")
    .set({ revoked: 1n })
    .where("revoked", "=", 0n)
    .where("used", "=", 0n)
    .returning("id")
    .execute();
  const event = (kind: string, detail: Record<string, string>) => ({ at, kind, actor, keyId: "", detail });
  await appendAudit(trx, [
    ...(locked.length === 0 ? [] : [event("journal locked", { reason, keys: locked.length.toString() })]),
    ...revoked.map(({ id }) => event("admin grant revoked", { reason, admin_grant: id })),
  ]);
}
