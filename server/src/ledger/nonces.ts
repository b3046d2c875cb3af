import { int64, ListStatement, together } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import type { HeldLane } from "./fence.ts";
import type { LedgerSchema } from "./schema.ts";
import type { Allocation } from "./types.ts";

const PLACES = { id: "text", lane_id: "bigint", nonce: "bigint" } as const;

const PLACE = new ListStatement(PLACES, (db: Kysely<LedgerSchema>, places) =>
  db
    .updateTable("submissions")
    .from(places)
    .set((eb) => ({ lane_id: eb.ref("v.lane_id"), nonce: eb.ref("v.nonce") }))
    .whereRef("submissions.id", "=", "v.id"),
);

/**
 * Allocates consecutive nonces to submissions, puts these into the lane, and raises the lane's next nonce.
 * The lane must be locked for update, and there must be a submission.
 */
export async function allocateNonces(
  trx: Transaction<LedgerSchema>,
  lane: HeldLane,
  submissionIds: readonly string[],
  nonceFloor: bigint,
): Promise<Allocation[]> {
  const first = int64(nonceFloor, "nonceFloor") > lane.nextNonce ? nonceFloor : lane.nextNonce;
  const next = int64(first + BigInt(submissionIds.length), "next nonce");
  const allocations = submissionIds.map((submissionId, i) => ({ submissionId, nonce: first + BigInt(i) }));

  const placed = PLACE.run(
    trx,
    allocations.map(({ submissionId, nonce }) => [submissionId, lane.id, nonce]),
  );
  const raised = trx.updateTable("lanes").set({ next_nonce: next }).where("id", "=", lane.id).execute();
  await together([placed, raised]);
  return allocations;
}
