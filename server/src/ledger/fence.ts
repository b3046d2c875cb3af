import { FixedStatement, type List, ListStatement, whole } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import type { Engine } from "./engine.ts";
import { FencedError } from "./errors.ts";
import type { LedgerSchema } from "./schema.ts";
import type { LaneToken } from "./types.ts";

export interface HeldLane {
  readonly id: bigint;
  readonly network: string;
  readonly accountId: string;
  readonly nextNonce: bigint;
}

const held = (db: Kysely<LedgerSchema>) =>
  db
    .selectFrom("lanes")
    .select(["id", "network", "account_id", "next_nonce"])
    .where("id", "=", 0n)
    .where("lease_epoch", "=", 0n)
    .where("lease_owner", "is not", null);

const HELD = {
  none: new FixedStatement(held),
  share: new FixedStatement((db: Kysely<LedgerSchema>) => held(db).forKeyShare()),
  update: new FixedStatement((db: Kysely<LedgerSchema>) => held(db).forNoKeyUpdate()),
};

/**
 * Checks that the token is the lane's current one, and keeps it so until the transaction ends: a takeover, which locks
 * the row for update, waits. The holder's own writes run side by side: all with "share", and with them one of those
 * with "update", which allocate nonces, or a renewal. "none" only looks. Throws FencedError.
 */
export async function fence(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  { laneId, epoch }: LaneToken,
  lock: keyof typeof HELD,
): Promise<HeldLane> {
  const statement = HELD[engine.locksRows ? lock : "none"];
  const [lane] = await statement.run(trx, [whole(laneId, "laneId"), epoch]);
  if (lane === undefined) throw new FencedError(`lane ${laneId} is no longer held under epoch ${epoch}`);
  return { id: lane.id, network: lane.network, accountId: lane.account_id, nextNonce: lane.next_nonce };
}

const TOKEN = { id: "bigint", epoch: "bigint" } as const;

const holders = (db: Kysely<LedgerSchema>, tokens: List<typeof TOKEN>) =>
  db
    .selectFrom("lanes as l")
    .innerJoin(tokens, (join) => join.onRef("l.id", "=", "v.id").onRef("l.lease_epoch", "=", "v.epoch"))
    .select(["l.id", "l.lease_epoch"])
    .where("l.lease_owner", "is not", null);

const HOLDERS = {
  none: new ListStatement(TOKEN, holders),
  share: new ListStatement(TOKEN, (db: Kysely<LedgerSchema>, tokens) => holders(db, tokens).forKeyShare("l")),
};

/** As `fence` with "share", of many: says of each whether it is its lane's current one. */
export async function fenceAll(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  tokens: readonly LaneToken[],
): Promise<boolean[]> {
  const nameOf = (id: bigint, epoch: bigint) => `${id} ${epoch}`;
  const rows = tokens.map(({ laneId, epoch }) => [whole(laneId, "laneId"), epoch]);
  const held = await HOLDERS[engine.locksRows ? "share" : "none"].run(trx, rows);
  const names = new Set(held.map(({ id, lease_epoch }) => nameOf(id, lease_epoch)));
  return tokens.map(({ laneId, epoch }) => names.has(nameOf(BigInt(laneId), epoch)));
}
