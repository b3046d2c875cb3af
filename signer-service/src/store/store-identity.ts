import type { Kysely, Transaction } from "kysely";
import { forgetFloors } from "./forget-floors.ts";
import type { SignerSchema } from "./schema.ts";

/** What a store says of itself. */
export interface StoreIdentity {
  /** A random id of the store's life; empty when it has none: the store is new, or was a backup. */
  readonly incarnation: string;
  /** Where this life began, in the words of the engine. */
  readonly place: string;
}

const NONE: StoreIdentity = { incarnation: "", place: "" };

export async function readIdentity(db: Kysely<SignerSchema>): Promise<StoreIdentity> {
  const row = await db.selectFrom("store_identity").select(["incarnation", "place"]).executeTakeFirst();
  return row ?? NONE;
}

/** Reads it, and keeps others from changing it until the transaction ends, on PostgreSQL too. */
export async function lockIdentity(trx: Transaction<SignerSchema>, at: Date): Promise<StoreIdentity> {
  // Writing locks the row on both engines, and of two that make it the second one waits.
  return trx
    .insertInto("store_identity")
    .values({ id: 1n, ...NONE, created_at: BigInt(at.getTime()) })
    .onConflict((conflict) => conflict.column("id").doUpdateSet({ id: 1n }))
    .returning(["incarnation", "place"])
    .executeTakeFirstOrThrow();
}

/**
 * Begins another life of the store: no key signs before an operator has read its nonce on the chain. In the audit
 * with its reason, where a key could have signed.
 */
export async function beginIncarnation(
  trx: Transaction<SignerSchema>,
  identity: StoreIdentity,
  reason: string,
  now: Date,
): Promise<void> {
  await forgetFloors(trx, reason, { now, actor: "start" });
  await trx
    .updateTable("store_identity")
    .set({ ...identity, created_at: BigInt(now.getTime()) })
    .execute();
}

/** The store was moved by PostgreSQL's own failover, which loses nothing: its life goes on. */
export async function setPlace(trx: Transaction<SignerSchema>, place: string): Promise<void> {
  await trx.updateTable("store_identity").set({ place }).execute();
}
