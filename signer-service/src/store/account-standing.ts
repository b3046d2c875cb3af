import { type Engine, fromMillis } from "@countersign/sql";
import type { Kysely, Selectable, Transaction } from "kysely";
import type { AccountKey, AccountStanding } from "../keys/account-standing.ts";
import { fromRow as grantOf } from "./admin-grant-rows.ts";
import { fromRow } from "./key-record-rows.ts";
import type { KeyRecordTable, SignerSchema } from "./schema.ts";
import { readIdentity } from "./store-identity.ts";

export interface Account {
  readonly network: string;
  readonly accountId: string;
}

/** How an account's keys stand. */
export async function readStanding(
  db: Kysely<SignerSchema>,
  { network, accountId }: Account,
  now: Date,
): Promise<AccountStanding> {
  const grants = await grantsAboutKeys(db).execute();
  const claims = await db
    .selectFrom("key_claims")
    .select("key_id")
    .where("network", "=", network)
    .where("account_id", "=", accountId)
    .where("expires_at", ">", BigInt(now.getTime()))
    .execute();
  const rows = await keysOf(db, { network, accountId }).execute();
  const { incarnation } = await readIdentity(db);
  return {
    network,
    accountId,
    keys: rows.map((row) => toAccountKey(row, incarnation)),
    claimed: claims.map(({ key_id }) => key_id),
    grants: grants.map(grantOf),
  };
}

/**
 * Reads it, and keeps others from changing it until the transaction ends. In the journal's order: keys before grants.
 * Every relay's change of keys locks the grants, so that of two that make a key the second one counts the first one's.
 */
export async function lockStanding(
  engine: Engine<SignerSchema>,
  trx: Transaction<SignerSchema>,
  account: Account,
  now: Date,
): Promise<AccountStanding> {
  if (engine.locksRows) {
    await keysOf(trx, account).forUpdate().execute();
    await grantsAboutKeys(trx).forUpdate().execute();
  }
  return readStanding(trx, account, now);
}

function keysOf(db: Kysely<SignerSchema>, { network, accountId }: Account) {
  return db
    .selectFrom("key_records")
    .selectAll()
    .where("network", "=", network)
    .where("account_id", "=", accountId)
    .orderBy("public_key");
}

function grantsAboutKeys(db: Kysely<SignerSchema>) {
  return db
    .selectFrom("admin_grants")
    .selectAll()
    .where("kind", "=", "key_management")
    .where("revoked", "=", 0n)
    .orderBy("id");
}

function toAccountKey(row: Selectable<KeyRecordTable>, incarnation: string): AccountKey {
  const { pool_made_at: madeAt, pool_incarnation: life } = row;
  return {
    ...fromRow(row),
    madeAt: madeAt === null ? null : fromMillis(madeAt),
    isMadeInThisLife: life !== null && life === incarnation,
  };
}
