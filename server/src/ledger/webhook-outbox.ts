import { toMillis, valueList } from "@countersign/sql";
import { type SqlBool, sql, type Transaction } from "kysely";
import type { EndedSubmission } from "./ended-submission.ts";
import type { LedgerSchema } from "./schema.ts";

/** Notes for each webhook of their tenants what is to be told of submissions that end now; once, however often it is said. */
export async function noteEnds(
  trx: Transaction<LedgerSchema>,
  ended: readonly EndedSubmission[],
  hasWebhooks: (tenant: string) => boolean,
): Promise<void> {
  const told = ended.filter(({ tenant }) => hasWebhooks(tenant));
  if (told.length === 0) return;
  const rows = told.map(({ id, tenant, state, endedAt }) => ({
    id,
    tenant,
    state,
    at: toMillis(endedAt, "endedAt"),
  }));
  await trx
    .insertInto("webhook_deliveries")
    .columns(["webhook_id", "submission_id", "state", "attempts", "created_at", "due_at", "last_problem"])
    .expression((eb) =>
      eb
        .selectFrom("webhooks as w")
        .innerJoin(
          valueList("v", { id: "text", tenant: "text", state: "text", at: "bigint" }, rows),
          "v.tenant",
          "w.tenant",
        )
        .select((s) => [
          "w.id",
          s.ref("v.id").$notNull().as("submission_id"),
          sql<"PENDING">`'PENDING'`.as("state"),
          sql<bigint>`0`.as("attempts"),
          s.ref("v.at").$notNull().as("created_at"),
          "v.at as due_at",
          sql<string>`''`.as("last_problem"),
        ])
        .where("w.deleted_at", "is", null)
        // No state's name is part of another's.
        .where((w) => w.or([w("w.states", "=", ""), sql<SqlBool>`w.states like '%' || v.state || '%'`])),
    )
    .onConflict((oc) => oc.doNothing())
    .execute();
}
