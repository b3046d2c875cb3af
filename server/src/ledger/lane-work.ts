import { whole } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import type { Engine } from "./engine.ts";
import { IllegalTransitionError } from "./errors.ts";
import { fence } from "./fence.ts";
import { workInLane, workOf } from "./lane-work-row.ts";
import { allocateNonces } from "./nonces.ts";
import type { LedgerSchema } from "./schema.ts";
import type { Allocation, ClaimInput, LaneId, LaneWork, ReallocateInput } from "./types.ts";

export async function claim(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  input: ClaimInput,
): Promise<LaneWork[]> {
  // Nothing is locked where there is nothing to claim: polling an empty queue costs no flush.
  const { network, accountId } = await fence(engine, trx, input, "none");
  const ids = await lockUnclaimed(engine, trx, network, accountId, input);
  if (ids.length === 0) return [];
  const lane = await fence(engine, trx, input, "update");
  await allocateNonces(trx, lane, ids, input.nonceFloor);
  return workOf(trx, ids);
}

/** Other lanes' workers pass over the rows that this transaction has locked. */
async function lockUnclaimed(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  network: string,
  accountId: string,
  { limit, heldTenants = [] }: ClaimInput,
): Promise<string[]> {
  const rows = await trx
    .selectFrom("submissions")
    .select("id")
    .where("network", "=", network)
    .where("lane_id", "is", null)
    .where("terminal_at", "is", null)
    .where((eb) => eb.or([eb("required_relayer", "is", null), eb("required_relayer", "=", accountId)]))
    .$if(heldTenants.length > 0, (q) => q.where("tenant", "not in", heldTenants))
    .orderBy("created_at")
    .orderBy("id")
    .limit(whole(limit, "limit"))
    .$if(engine.locksRows, (q) => q.forUpdate().skipLocked())
    .execute();
  return rows.map(({ id }) => id);
}

export function openWork(db: Kysely<LedgerSchema>, laneId: LaneId): Promise<LaneWork[]> {
  return workInLane(db, whole(laneId, "laneId"));
}

export async function reallocate(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  input: ReallocateInput,
): Promise<Allocation[]> {
  const lane = await fence(engine, trx, input, "update");
  const ids = new Set(input.submissionIds);
  if (ids.size === 0) return [];
  const { count } = await trx
    .selectFrom("submissions")
    .select((eb) => eb.fn.countAll<bigint>().as("count"))
    .where("id", "in", [...ids])
    .where("lane_id", "=", lane.id)
    .where("terminal_at", "is", null)
    .executeTakeFirstOrThrow();
  if (count !== BigInt(ids.size)) {
    throw new IllegalTransitionError(
      "a submission that is to get a fresh nonce is terminal or in another lane",
    );
  }
  return allocateNonces(trx, lane, [...ids], input.nonceFloor);
}

/** In any other state than ACCEPTED there is a transaction, which only its own lane may follow. */
export async function release(
  trx: Transaction<LedgerSchema>,
  laneId: bigint,
  submissionIds: readonly string[],
): Promise<void> {
  if (submissionIds.length === 0) return;
  await trx
    .updateTable("submissions")
    .set({ lane_id: null, nonce: null })
    .where("id", "in", submissionIds)
    .where("lane_id", "=", laneId)
    .where("state", "=", "ACCEPTED")
    .execute();
}
