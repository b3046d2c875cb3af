import { fromMillis, toMillis } from "@countersign/sql";
import type { Kysely, Selectable } from "kysely";
import type { AuditEvent } from "./audit-types.ts";
import type { Engine } from "./engine.ts";
import { change } from "./protection-changes.ts";
import type { Pause, PauseLevel } from "./protection-types.ts";
import type { LedgerSchema } from "./schema.ts";
import type { PauseTable } from "./schema-tenants.ts";

export function putPause(engine: Engine, pause: Pause, audit: AuditEvent): Promise<Pause> {
  return change(engine, async (trx, record) => {
    const { createdAt, ...rest } = pause;
    const row = { ...rest, created_at: toMillis(createdAt, "createdAt") };
    await trx
      .insertInto("pauses")
      .values(row)
      .onConflict((oc) => oc.columns(["level", "target"]).doUpdateSet(row))
      .execute();
    await record(audit);
    return pause;
  });
}

export function deletePause(
  engine: Engine,
  level: PauseLevel,
  target: string,
  audit: AuditEvent,
): Promise<Pause | undefined> {
  return change(engine, async (trx, record) => {
    const row = await trx
      .deleteFrom("pauses")
      .where("level", "=", level)
      .where("target", "=", target)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) return undefined;
    await record(audit);
    return toPause(row);
  });
}

export async function listPauses(db: Kysely<LedgerSchema>): Promise<Pause[]> {
  const rows = await db.selectFrom("pauses").selectAll().orderBy("level").orderBy("target").execute();
  return rows.map(toPause);
}

function toPause({ created_at, ...row }: Selectable<PauseTable>): Pause {
  return { ...row, createdAt: fromMillis(created_at) };
}
