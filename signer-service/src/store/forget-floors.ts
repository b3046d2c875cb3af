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
  const locked = await lockKeys(trx);
  const revoked = await revokeGrants(trx);
  const event = (kind: string, detail: Record<string, string>) => ({ at, kind, actor, keyId: "", detail });
  await appendAudit(trx, [
    ...(locked === 0 ? [] : [event("journal locked", { reason, keys: locked.toString() })]),
    ...revoked.map((id) => event("admin grant revoked", { reason, admin_grant: id })),
  ]);
}

/** One by one, in the order in which the journal locks rows (see chain-head.ts); answers how many had a floor. */
async function lockKeys(trx: Transaction<SignerSchema>): Promise<number> {
  const keys = await trx.selectFrom("key_records").select("public_key").orderBy("public_key").execute();
  let locked = 0;
  for (const { public_key } of keys) {
    const changed = await trx
      .updateTable("key_records")
      .set({ nonce_floor: null })
      .where("public_key", "=", public_key)
      .where("nonce_floor", "is not", null)
      .returning("key_id")
      .execute();
    locked += changed.length;
  }
  return locked;
}

/** Likewise; answers their ids. */
async function revokeGrants(trx: Transaction<SignerSchema>): Promise<string[]> {
  const grants = await trx.selectFrom("admin_grants").select("id").orderBy("id").execute();
  const revoked: string[] = [];
  for (const { id } of grants) {
    const changed = await trx
      .updateTable("admin_grants")
      .set({ revoked: 1n })
      .where("id", "=", id)
      .where("revoked", "=", 0n)
      .where("used", "=", 0n)
      .returning("id")
      .execute();
    revoked.push(...changed.map((row) => row.id));
  }
  return revoked;
}
