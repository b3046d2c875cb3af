import type { Kysely, Transaction } from "kysely";
import { insertAudit } from "./audit-events.ts";
import type { AuditEvent } from "./audit-types.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";

/** Raises the revision and records the change. Once for each change, and never for what changes nothing. */
export type RecordChange = (audit: AuditEvent) => Promise<void>;

/**
 * Runs a change of tenants or of what they may do. Such changes run one after another on all replicas, so that
 * each sees those before it and revisions rise in the order of the commits. They are rare.
 */
export function change<T>(
  engine: Engine,
  body: (trx: Transaction<LedgerSchema>, record: RecordChange) => Promise<T>,
): Promise<T> {
  return engine.write(async (trx) => {
    const { revision } = await trx
      .selectFrom("protection_revision")
      .select("revision")
      .$if(engine.locksRows, (q) => q.forUpdate())
      .executeTakeFirstOrThrow();
    return body(trx, async (audit) => {
      await trx
        .updateTable("protection_revision")
        .set({ revision: revision + 1n })
        .execute();
      await insertAudit(trx, [audit]);
    });
  });
}

export async function currentRevision(db: Kysely<LedgerSchema>): Promise<bigint> {
  const { revision } = await db
    .selectFrom("protection_revision")
    .select("revision")
    .executeTakeFirstOrThrow();
  return revision;
}
