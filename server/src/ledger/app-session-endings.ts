import { slices, toMillis, valueList, whole } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import type { AppSessionEndings } from "./app-session-types.ts";
import type { LedgerSchema } from "./schema.ts";

/**
 * Ends sessions that the transaction holds. They get the next numbers of the sequence, whose lock stands until the
 * commit: so numbers become visible in their order. Nothing may be locked after it.
 */
export async function endSessions(
  trx: Transaction<LedgerSchema>,
  ids: readonly string[],
  at: Date,
): Promise<void> {
  if (ids.length === 0) return;
  const count = whole(ids.length, "sessions");
  const { sequence } = await trx
    .updateTable("app_session_sequence")
    .set((eb) => ({ sequence: eb("sequence", "+", count) }))
    .returning("sequence")
    .executeTakeFirstOrThrow();
  const rows = ids.map((id, i) => ({ id, sequence: sequence - count + BigInt(i) + 1n }));
  for (const some of slices(rows, 2, 1)) {
    await trx
      .updateTable("app_sessions as s")
      .from(valueList("v", { id: "text", sequence: "bigint" }, some))
      .set((eb) => ({ ended_at: toMillis(at, "at"), end_sequence: eb.ref("v.sequence") }))
      .whereRef("s.id", "=", "v.id")
      .execute();
  }
}

export async function endingsAfter(
  db: Kysely<LedgerSchema>,
  after: bigint,
  limit: number,
): Promise<AppSessionEndings> {
  const rows = await db
    .selectFrom("app_sessions")
    .select(["id", "end_sequence"])
    .where("end_sequence", ">", after)
    .orderBy("end_sequence")
    .limit(whole(limit, "limit"))
    .execute();
  return { sequence: rows.at(-1)?.end_sequence ?? after, sessionIds: rows.map(({ id }) => id) };
}

/** Replicas' clocks differ: of the ends since then, the one with the lowest number counts. */
export async function sequenceAt(db: Kysely<LedgerSchema>, time: Date): Promise<bigint> {
  // One statement: an end between two of them would be missed.
  const { sequence } = await db
    .selectFrom("app_session_sequence as n")
    .select((eb) =>
      eb.fn
        .coalesce(
          eb
            .selectFrom("app_sessions")
            .select((s) => s(s.fn.min<bigint>("end_sequence"), "-", 1n).as("before"))
            .where("ended_at", ">=", toMillis(time, "time")),
          "n.sequence",
        )
        .as("sequence"),
    )
    .executeTakeFirstOrThrow();
  return sequence;
}
