import { toMillis, whole } from "@countersign/sql";
import { type ExpressionBuilder, type Kysely, type Selectable, sql, type Transaction } from "kysely";
import type { Engine } from "./engine.ts";
import type { LaneTable, LedgerSchema } from "./schema.ts";
import type { Lane, LaneId, LaneKey, LaneToken, Lease } from "./types.ts";

/** Ids are small numbers, because they stand in every submission and attempt. */
export async function ensureLanes(engine: Engine, keys: readonly LaneKey[]): Promise<Lane[]> {
  const lanes: Lane[] = [];
  for (const key of keys) {
    let lane = await engine.read((db) => findLane(db, key));
    // Another process may take the same number or add the same lane: then the next round sees it.
    while (lane === undefined) {
      await engine.write((trx) => addLane(trx, key));
      lane = await engine.read((db) => findLane(db, key));
    }
    if (lane.keyId !== key.keyId) {
      const { id } = lane;
      await engine.write((trx) => renameKey(trx, id, key.keyId));
    }
    lanes.push({ ...lane, keyId: key.keyId });
  }
  return lanes;
}

/** Those of some accounts that have submissions which are not terminal. */
export async function lanesWithWork(
  db: Kysely<LedgerSchema>,
  network: string,
  accountIds: readonly string[],
): Promise<Lane[]> {
  if (accountIds.length === 0) return [];
  const rows = await db
    .selectFrom("lanes as l")
    .selectAll("l")
    .where("l.network", "=", network)
    .where("l.account_id", "in", accountIds)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("submissions as s")
          .select("s.id")
          .whereRef("s.lane_id", "=", "l.id")
          .where("s.terminal_at", "is", null),
      ),
    )
    .orderBy("l.id")
    .execute();
  return rows.map(toLane);
}

async function findLane(db: Kysely<LedgerSchema>, key: LaneKey): Promise<Lane | undefined> {
  const row = await db
    .selectFrom("lanes")
    .selectAll()
    .where("network", "=", key.network)
    .where("account_id", "=", key.accountId)
    .where("public_key", "=", key.publicKey)
    .executeTakeFirst();
  return row === undefined ? undefined : toLane(row);
}

function toLane(row: Selectable<LaneTable>): Lane {
  return {
    id: Number(row.id),
    network: row.network,
    accountId: row.account_id,
    publicKey: row.public_key,
    keyId: row.key_id,
    nextNonce: row.next_nonce,
  };
}

async function addLane(trx: Transaction<LedgerSchema>, key: LaneKey): Promise<void> {
  await trx
    .insertInto("lanes")
    .values((eb) => ({
      id: eb.selectFrom("lanes").select(sql<bigint>`coalesce(max(id), 0) + 1`.as("id")),
      network: key.network,
      account_id: key.accountId,
      public_key: key.publicKey,
      key_id: key.keyId,
      next_nonce: 0n,
      lease_epoch: 0n,
      lease_until: 0n,
    }))
    .onConflict((oc) => oc.doNothing())
    .execute();
}

/** The signer may hold a key under a new name. */
async function renameKey(trx: Transaction<LedgerSchema>, id: LaneId, keyId: string): Promise<void> {
  await trx.updateTable("lanes").set({ key_id: keyId }).where("id", "=", whole(id, "laneId")).execute();
}

/** Waits for the writes of the holder before, which `fence` lets in, where the engine lets them run beside this one. */
export async function acquireLane(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  laneId: LaneId,
  owner: string,
  now: Date,
  ttlMs: number,
): Promise<Lease | null> {
  const at = toMillis(now, "now");
  const isFree = (eb: ExpressionBuilder<LedgerSchema, "lanes">) =>
    eb.or([eb("lease_owner", "is", null), eb("lease_owner", "=", owner), eb("lease_until", "<=", at)]);
  if (engine.locksRows) {
    const free = trx.selectFrom("lanes").select("id").where("id", "=", whole(laneId, "laneId")).where(isFree);
    // An update alone would lock the row no more than those writes allow.
    if ((await free.forUpdate().executeTakeFirst()) === undefined) return null;
  }
  const taken = await trx
    .updateTable("lanes")
    .set((eb) => ({
      lease_owner: owner,
      lease_epoch: eb("lease_epoch", "+", 1n),
      lease_until: at + whole(ttlMs, "ttlMs"),
    }))
    .where("id", "=", whole(laneId, "laneId"))
    .where(isFree)
    .returning(["lease_epoch", "next_nonce"])
    .executeTakeFirst();
  return taken === undefined ? null : { epoch: taken.lease_epoch, nextNonce: taken.next_nonce };
}

/** Also after the lease ran out, as long as nobody took it: nothing can have been written in between. */
export async function renewLane(
  trx: Transaction<LedgerSchema>,
  token: LaneToken,
  now: Date,
  ttlMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await trx
    .updateTable("lanes")
    .set({ lease_until: toMillis(now, "now") + whole(ttlMs, "ttlMs") })
    .where("id", "=", whole(token.laneId, "laneId"))
    .where("lease_epoch", "=", token.epoch)
    .where("lease_owner", "is not", null)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function releaseLane(trx: Transaction<LedgerSchema>, token: LaneToken): Promise<void> {
  await trx
    .updateTable("lanes")
    .set({ lease_owner: null })
    .where("id", "=", whole(token.laneId, "laneId"))
    .where("lease_epoch", "=", token.epoch)
    .execute();
}
