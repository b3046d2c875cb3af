import { toMillis } from "@countersign/sql";
import type { Transaction } from "kysely";
import type { LedgerSchema } from "./schema.ts";

const PRUNE_BATCH = 1_000n;

export async function pruneBudgets(trx: Transaction<LedgerSchema>, before: Date): Promise<number> {
  const limit = toMillis(before, "before");
  const { numDeletedRows } = await trx
    .deleteFrom("budget_use")
    .where((eb) =>
      eb(
        eb.refTuple("tenant", "budget_user", "period"),
        "in",
        eb
          .selectFrom("budget_use")
          .select(["tenant", "budget_user", "period"])
          .where("ends_at", "<", limit)
          .orderBy("ends_at")
          .limit(PRUNE_BATCH)
          .$asTuple("tenant", "budget_user", "period"),
      ),
    )
    .executeTakeFirst();
  return Number(numDeletedRows);
}
