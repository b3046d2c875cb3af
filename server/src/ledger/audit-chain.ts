import { fromMillis, ListStatement, whole } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import { fromHex, toHex } from "./audit-events.ts";
import type { AuditHead, HashEntry } from "./audit-types.ts";
import type { Engine } from "./engine.ts";
import type { LedgerSchema } from "./schema.ts";

/** Rows in a statement: both engines bound its parameters. */
const BATCH = 1_000;

/** Gives the oldest events that are not chained yet their places. */
export async function chainAudit(
  engine: Engine,
  trx: Transaction<LedgerSchema>,
  hash: HashEntry,
  limit: number,
): Promise<number> {
  if (!(await lockSequencer(engine, trx))) return 0;
  const events = await trx
    .selectFrom("audit_events")
    .select(["id", "tenant", "kind", "actor", "at", "detail"])
    .where("sequence", "is", null)
    .orderBy("at")
    .orderBy("id")
    .limit(whole(limit, "limit"))
    .execute();
  if (events.length === 0) return 0;

  const heads = await headsOf(trx, [...new Set(events.map(({ tenant }) => tenant))]);
  const placed = events.map(({ id, at, ...event }) => {
    const { tenant } = event;
    const previous = heads.get(tenant) ?? emptyHead(tenant);
    const entry = { ...event, sequence: previous.sequence + 1n, at: fromMillis(at) };
    const head = { tenant, sequence: entry.sequence, hash: hash(previous.hash, entry) };
    heads.set(tenant, head);
    return [id, head.sequence, toHex(head.hash)];
  });
  await WRITE_PLACES.run(trx, placed);
  const moved = [...heads.values()];
  for (let i = 0; i < moved.length; i += BATCH) await writeHeads(trx, moved.slice(i, i + BATCH));
  return events.length;
}

/** False while another process chains. */
async function lockSequencer(engine: Engine, trx: Transaction<LedgerSchema>): Promise<boolean> {
  if (!engine.locksRows) return true;
  const row = await trx
    .selectFrom("audit_sequencer")
    .select("id")
    .forUpdate()
    .skipLocked()
    .executeTakeFirst();
  return row !== undefined;
}

async function headsOf(
  db: Kysely<LedgerSchema>,
  tenants: readonly string[],
): Promise<Map<string, AuditHead>> {
  const rows = await db
    .selectFrom("audit_chains")
    .select(["tenant", "sequence", "hash"])
    .where("tenant", "in", tenants)
    .execute();
  return new Map(rows.map((row) => [row.tenant, { ...row, hash: fromHex(row.hash) }]));
}

const PLACES = { id: "text", sequence: "bigint", hash: "text" } as const;

const WRITE_PLACES = new ListStatement(PLACES, (db: Kysely<LedgerSchema>, places) =>
  db
    .updateTable("audit_events as e")
    .from(places)
    .set((eb) => ({ sequence: eb.ref("v.sequence"), hash: eb.ref("v.hash") }))
    .whereRef("e.id", "=", "v.id"),
);

async function writeHeads(trx: Transaction<LedgerSchema>, heads: readonly AuditHead[]): Promise<void> {
  await trx
    .insertInto("audit_chains")
    .values(
      heads.map(({ tenant, sequence, hash }) => ({
        tenant,
        sequence,
        hash: toHex(hash),
        signed_sequence: 0n,
        checkpoint_sequence: 0n,
      })),
    )
    .onConflict((oc) =>
      oc.column("tenant").doUpdateSet((eb) => ({
        sequence: eb.ref("excluded.sequence"),
        hash: eb.ref("excluded.hash"),
      })),
    )
    .execute();
}

export async function auditHead(db: Kysely<LedgerSchema>, tenant: string): Promise<AuditHead> {
  return (await headsOf(db, [tenant])).get(tenant) ?? emptyHead(tenant);
}

function emptyHead(tenant: string): AuditHead {
  return { tenant, sequence: 0n, hash: new Uint8Array(32) };
}
