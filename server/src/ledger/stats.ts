import { fromMillis } from "@countersign/sql";
import type { Kysely } from "kysely";
import type { LedgerSchema } from "./schema.ts";
import type { LedgerStats } from "./types.ts";

/** Reads open work alone, through its partial indexes. */
export async function stats(db: Kysely<LedgerSchema>): Promise<LedgerStats> {
  const states = await db
    .selectFrom("submissions")
    .select((eb) => ["state", eb.fn.countAll<bigint>().as("count")])
    .where("terminal_at", "is", null)
    .groupBy("state")
    .execute();
  const { oldest } = await db
    .selectFrom("submissions")
    .select((eb) => eb.fn.min<bigint | null>("created_at").as("oldest"))
    .where("lane_id", "is", null)
    .where("terminal_at", "is", null)
    .executeTakeFirstOrThrow();
  return {
    openByState: new Map(states.map(({ state, count }) => [state, Number(count)])),
    oldestUnclaimedAt: oldest === null ? null : fromMillis(oldest),
  };
}
