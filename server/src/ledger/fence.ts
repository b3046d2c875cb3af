import { whole } from "@countersign/sql";
import type { Transaction } from "kysely";
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

/**
 * Checks that the token is the lane's current one, and keeps it so until the transaction ends: a takeover
 * waits. "share" lets the holder's own writes run side by side; "update" is for those that allocate nonces;
 * "none" only looks. Throws FencedError.
 */
export async function fence(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  { laneId, epoch }: LaneToken,
  lock: "none" | "share" | "update",
): Promise<HeldLane> {
  const lane = await trx
    .selectFrom("lanes")
    .select(["id", "network", "account_id", "next_nonce"])
    .where("id", "=", whole(laneId, "laneId"))
    .where("lease_epoch", "=", epoch)
    .where("lease_owner", "is not", null)
    .$if(engine.locksRows && lock === "share", (q) => q.forShare())
    .$if(engine.locksRows && lock === "update", (q) => q.forUpdate())
    .executeTakeFirst();
  if (lane === undefined) throw new FencedError(`lane ${laneId} is no longer held under epoch ${epoch}`);
  return { id: lane.id, network: lane.network, accountId: lane.account_id, nextNonce: lane.next_nonce };
}
