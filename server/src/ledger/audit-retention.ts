import { toMillis, whole } from "@countersign/sql";
import { type Kysely, sql, type Transaction } from "kysely";
import { putAuditHead, toSignedHead } from "./audit-heads.ts";
import type { SignedAuditHead } from "./audit-types.ts";
import type { LedgerSchema } from "./schema.ts";

export async function auditCheckpoint(
  db: Kysely<LedgerSchema>,
  tenant: string,
): Promise<SignedAuditHead | undefined> {
  const row = await db
    .selectFrom("audit_heads as h")
    .innerJoin("audit_chains as c", (join) =>
      join.onRef("c.tenant", "=", "h.tenant").onRef("c.checkpoint_sequence", "=", "h.sequence"),
    )
    .selectAll("h")
    .where("h.tenant", "=", tenant)
    .executeTakeFirst();
  return row === undefined ? undefined : toSignedHead(row);
}

export async function prunableAudit(db: Kysely<LedgerSchema>, before: Date): Promise<SignedAuditHead[]> {
  const rows = await db
    .selectFrom("audit_chains as c")
    .innerJoin("audit_heads as h", (join) =>
      join.onRef("h.tenant", "=", "c.tenant").on("h.sequence", "=", (eb) =>
        // Chain by chain, so that an index leads to the one.
        eb
          .selectFrom("audit_heads as o")
          .select("o.sequence")
          .whereRef("o.tenant", "=", "c.tenant")
          .where("o.at", "<", toMillis(before, "before"))
          .orderBy("o.at", "desc")
          .orderBy("o.sequence", "desc")
          .limit(sql.lit(1)),
      ),
    )
    .selectAll("h")
    .where((eb) =>
      eb.exists(
        eb
          .selectFrom("audit_events as e")
          .select("e.id")
          .whereRef("e.tenant", "=", "h.tenant")
          .whereRef("e.sequence", "<=", "h.sequence"),
      ),
    )
    // By the chains: SQLite reads the table in whose order it answers.
    .orderBy("c.tenant")
    .execute();
  return rows.map(toSignedHead);
}

export async function pruneAudit(
  trx: Transaction<LedgerSchema>,
  checkpoint: SignedAuditHead,
  limit: number,
): Promise<number> {
  const { tenant, sequence } = checkpoint;
  await putAuditHead(trx, checkpoint);
  await trx
    .updateTable("audit_chains")
    .set({ checkpoint_sequence: sequence })
    .where("tenant", "=", tenant)
    .where("checkpoint_sequence", "<", sequence)
    .execute();
  // Of the heads before it, nothing is left that they could prove.
  await trx.deleteFrom("audit_heads").where("tenant", "=", tenant).where("sequence", "<", sequence).execute();

  const { first } = await trx
    .selectFrom("audit_events")
    .select((eb) => eb.fn.min<bigint | null>("sequence").as("first"))
    .where("tenant", "=", tenant)
    .executeTakeFirstOrThrow();
  if (first === null) return 0;
  // One bound: of two, SQLite seeks by one and reads all that the other leaves out.
  const end = first + whole(limit, "limit");
  const last = end <= sequence ? end - 1n : sequence;
  const { numDeletedRows } = await trx
    .deleteFrom("audit_events")
    .where("tenant", "=", tenant)
    .where("sequence", "<=", last)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
