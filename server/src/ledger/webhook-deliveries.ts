import { fromMillis, toMillis, valueList, whole } from "@countersign/sql";
import { type Kysely, type Selectable, type SqlBool, sql, type Transaction } from "kysely";
import { insertAudit } from "./audit-events.ts";
import type { AuditEvent } from "./audit-types.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";
import type { WebhookDeliveryTable } from "./schema-webhooks.ts";
import type {
  AttemptResult,
  ClaimedDelivery,
  Delivery,
  DeliveryQuery,
  DeliveryStats,
} from "./webhook-types.ts";

/** Looks into the index once for each webhook, however much is due. */
export async function dueWebhooks(db: Kysely<LedgerSchema>, now: Date): Promise<string[]> {
  const rows = await db
    .selectFrom("webhooks as w")
    .select("w.id")
    .where("w.deleted_at", "is", null)
    .where("w.paused", "=", 0n)
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("webhook_deliveries as d")
          .select("d.submission_id")
          .whereRef("d.webhook_id", "=", "w.id")
          .where("d.due_at", "<=", toMillis(now, "now")),
      ),
    )
    .execute();
  return rows.map(({ id }) => id);
}

export async function claimDeliveries(
  engine: Pick<Engine, "locksRows">,
  trx: Transaction<LedgerSchema>,
  wanted: readonly { readonly webhookId: string; readonly limit: number }[],
  now: Date,
  until: Date,
): Promise<ClaimedDelivery[]> {
  const claimed: ClaimedDelivery[] = [];
  for (const { webhookId, limit } of wanted) {
    // Other replicas pass over the rows that this transaction has locked.
    const due = await trx
      .selectFrom("webhook_deliveries")
      .select("submission_id")
      .where("webhook_id", "=", webhookId)
      .where("due_at", "<=", toMillis(now, "now"))
      .orderBy("due_at")
      .limit(whole(limit, "limit"))
      .$if(engine.locksRows, (q) => q.forUpdate().skipLocked())
      .execute();
    if (due.length === 0) continue;
    const rows = await trx
      .updateTable("webhook_deliveries")
      .set((eb) => ({
        attempts: eb("attempts", "+", 1n),
        due_at: toMillis(until, "until"),
        last_attempt_at: toMillis(now, "now"),
      }))
      .where("webhook_id", "=", webhookId)
      .where(
        "submission_id",
        "in",
        due.map((row) => row.submission_id),
      )
      .returning(["submission_id", "attempts", "created_at"])
      .execute();
    for (const { submission_id, attempts, created_at } of rows) {
      claimed.push({
        webhookId,
        submissionId: submission_id,
        attempt: Number(attempts),
        createdAt: fromMillis(created_at),
      });
    }
  }
  return claimed;
}

const RESULT = {
  webhook_id: "text",
  submission_id: "text",
  attempt: "bigint",
  attempts: "bigint",
  state: "text",
  due_at: "bigint",
  ended_at: "bigint",
  status: "bigint",
  problem: "text",
} as const;

export async function recordAttempts(
  trx: Transaction<LedgerSchema>,
  results: readonly AttemptResult[],
): Promise<void> {
  if (results.length === 0) return;
  const rows = results.map((result) => ({
    webhook_id: result.webhookId,
    submission_id: result.submissionId,
    attempt: whole(result.attempt, "attempt"),
    attempts: whole(result.abandoned === true ? result.attempt - 1 : result.attempt, "attempt"),
    state: result.state,
    due_at: result.dueAt === null ? null : toMillis(result.dueAt, "dueAt"),
    ended_at: result.state === "PENDING" ? null : toMillis(result.at, "at"),
    status: result.status === null ? null : whole(result.status, "status"),
    problem: result.problem,
  }));
  await trx
    .updateTable("webhook_deliveries as d")
    .from(valueList("v", RESULT, rows))
    .set((eb) => ({
      state: sql<Delivery["state"]>`v.state`,
      attempts: eb.ref("v.attempts").$notNull(),
      due_at: eb.ref("v.due_at"),
      ended_at: eb.ref("v.ended_at"),
      last_status: eb.ref("v.status"),
      last_problem: eb.ref("v.problem").$notNull(),
    }))
    .whereRef("d.webhook_id", "=", "v.webhook_id")
    .whereRef("d.submission_id", "=", "v.submission_id")
    .whereRef("d.attempts", "=", "v.attempt")
    // PENDING, said so that no planner reads all that is for each of them.
    .where("d.ended_at", "is", null)
    .execute();
}

export async function listDeliveries(
  db: Kysely<LedgerSchema>,
  { webhookId, state, before, limit }: DeliveryQuery,
): Promise<Delivery[]> {
  const rows = await db
    .selectFrom("webhook_deliveries")
    .selectAll()
    .where("webhook_id", "=", webhookId)
    .where("state", "=", state)
    .$if(before !== undefined, (q) => {
      const createdAt = toMillis(before?.createdAt ?? new Date(0), "before");
      return q.where(
        sql<SqlBool>`(created_at, submission_id) < (${createdAt}, ${before?.submissionId ?? ""})`,
      );
    })
    .orderBy("created_at", "desc")
    .orderBy("submission_id", "desc")
    .limit(whole(limit, "limit"))
    .execute();
  return rows.map(toDelivery);
}

export async function redriveDeliveries(
  trx: Transaction<LedgerSchema>,
  webhookId: string,
  submissionIds: readonly string[] | undefined,
  limit: number,
  at: Date,
  audit: (count: number) => AuditEvent,
): Promise<number> {
  const { numUpdatedRows } = await trx
    .updateTable("webhook_deliveries")
    .set({ state: "PENDING", attempts: 0n, due_at: toMillis(at, "at"), ended_at: null })
    .where("webhook_id", "=", webhookId)
    .where("state", "=", "DEAD")
    .where("submission_id", "in", (eb) =>
      eb
        .selectFrom("webhook_deliveries as dead")
        .select("dead.submission_id")
        .where("dead.webhook_id", "=", webhookId)
        .where("dead.state", "=", "DEAD")
        .where("dead.ended_at", "<=", toMillis(at, "at"))
        .$if(submissionIds !== undefined, (q) => q.where("dead.submission_id", "in", submissionIds ?? []))
        .limit(whole(limit, "limit")),
    )
    .executeTakeFirst();
  const count = Number(numUpdatedRows);
  if (count > 0) await insertAudit(trx, [audit(count)]);
  return count;
}

/** Reads indexes that hold what is pending, and what is dead. */
export async function deliveryStats(db: Kysely<LedgerSchema>): Promise<DeliveryStats> {
  const { pending, oldest } = await db
    .selectFrom("webhook_deliveries")
    .select((eb) => [
      eb.fn.countAll<bigint>().as("pending"),
      eb.fn.min<bigint | null>("created_at").as("oldest"),
    ])
    // In the index's own words: with a parameter none is found in it.
    .where("state", "=", sql.lit("PENDING"))
    .executeTakeFirstOrThrow();
  const { dead } = await db
    .selectFrom("webhook_deliveries")
    .select((eb) => eb.fn.countAll<bigint>().as("dead"))
    .where("state", "=", "DEAD")
    .where("ended_at", "is not", null)
    .executeTakeFirstOrThrow();
  return {
    pending: Number(pending),
    dead: Number(dead),
    oldestPendingAt: oldest === null ? null : fromMillis(oldest),
  };
}

function toDelivery(row: Selectable<WebhookDeliveryTable>): Delivery {
  const time = (millis: bigint | null) => (millis === null ? null : fromMillis(millis));
  return {
    webhookId: row.webhook_id,
    submissionId: row.submission_id,
    state: row.state,
    attempts: Number(row.attempts),
    createdAt: fromMillis(row.created_at),
    dueAt: time(row.due_at),
    endedAt: time(row.ended_at),
    lastAttemptAt: time(row.last_attempt_at),
    lastStatus: row.last_status === null ? null : Number(row.last_status),
    lastProblem: row.last_problem,
  };
}
