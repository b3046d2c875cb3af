import type { Kysely } from "kysely";
import { fromMillis } from "./column-values.ts";
import type { LedgerSchema } from "./schema.ts";
import type { LedgerStats, SubmissionState } from "./types.ts";

/** Reads open work alone, through its two partial indexes. */
export async function stats(db: Kysely<LedgerSchema>): Promise<LedgerStats> {
  const unclaimed = await db
    .selectFrom("submissions")
    .select((eb) => [eb.fn.countAll<bigint>().as("count"), eb.fn.min("created_at").as("oldest")])
    .where("lane_id", "is", null)
    .where("terminal_at", "is", null)
    .executeTakeFirstOrThrow();
  const inLanes = await db
    .selectFrom("submissions")
    .select((eb) => ["state", eb.fn.countAll<bigint>().as("count")])
    .where("lane_id", "is not", null)
    .where("terminal_at", "is", null)
    .groupBy("state")
    .execute();
  const openByState = new Map<SubmissionState, number>();
  for (const { state, count } of [{ state: "ACCEPTED" as const, count: unclaimed.count }, ...inLanes]) {
    if (count > 0n) openByState.set(state, (openByState.get(state) ?? 0) + Number(count));
  }
  const { oldest } = unclaimed as { oldest: bigint | null };
  return { openByState, oldestUnclaimedAt: oldest === null ? null : fromMillis(oldest) };
}
