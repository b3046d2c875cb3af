import { together, whole } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import { claimable, hasMoreThan, type QueueMemory } from "./claimable.ts";
import type { Engine } from "./engine.ts";
import { IllegalTransitionError } from "./errors.ts";
import { fence } from "./fence.ts";
import { workInLane, workOf } from "./lane-work-row.ts";
import { allocateNonces } from "./nonces.ts";
import type { LedgerSchema } from "./schema.ts";
import type {
  Allocation,
  ClaimInput,
  LaneId,
  LaneWork,
  ReallocateInput,
  Waiting,
  WaitingQuery,
} from "./types.ts";

export async function claim(
  engine: Engine,
  memory: QueueMemory,
  trx: Transaction<LedgerSchema>,
  input: ClaimInput,
): Promise<LaneWork[]> {
  // The lane is locked only once there is something to claim: the holder's renewals wait for that lock.
  const { network, accountId } = await fence(engine, trx, input, "none");
  const query = { network, accountId, heldTenants: input.heldTenants ?? [], limit: input.limit };
  // Other lanes' workers pass over the rows that this transaction has locked.
  const found = await claimable(trx, memory, query, engine);
  if (found.length === 0) return [];
  const lane = await fence(engine, trx, input, "update");
  const ids = found.map(({ id }) => id);
  const [, work] = await together([allocateNonces(trx, lane, ids, input.nonceFloor), workOf(trx, ids)]);
  return work;
}

/** A look at the queue, so that lanes of one process can share it out before they claim. */
export async function waiting(
  db: Kysely<LedgerSchema>,
  memory: QueueMemory,
  query: WaitingQuery,
): Promise<Waiting> {
  const found = await claimable(db, memory, query);
  const ofAll = { ...query, accountIds: undefined };
  const more = found.length === query.limit || (await hasMoreThan(db, ofAll, found.length));
  return { accounts: found.map(({ accountId }) => accountId), more };
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
  const open = await trx
    .selectFrom("submissions")
    .select("id")
    .where("id", "in", [...ids])
    .where("lane_id", "=", lane.id)
    .where("terminal_at", "is", null)
    // The lane's other writes may run beside this one, and end a submission.
    .$if(engine.locksRows, (q) => q.orderBy("id").forUpdate())
    .execute();
  if (open.length !== ids.size) {
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

/** In whatever state: the caller has the proof that no transaction of theirs can land any more. */
export async function handOn(
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
    .where("terminal_at", "is", null)
    .execute();
}
