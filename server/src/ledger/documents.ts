import { fromMillis, toMillis } from "@countersign/sql";
import type { Kysely, Selectable } from "kysely";
import type { AuditEvent } from "./audit-types.ts";
import type { Engine } from "./engine.ts";
import { change } from "./protection-changes.ts";
import type { DocumentKind, ProtectionStore, StoredDocument } from "./protection-types.ts";
import type { LedgerSchema } from "./schema.ts";
import type { DocumentTable } from "./schema-tenants.ts";
import { isTenant } from "./tenants.ts";

export function putDocument(
  engine: Engine,
  document: Omit<StoredDocument, "version">,
  expectedVersion: bigint,
  audit: AuditEvent,
): ReturnType<ProtectionStore["putDocument"]> {
  return change(engine, async (trx, record) => {
    const { tenant, kind, text, author, createdAt } = document;
    if (!(await isTenant(trx, tenant))) return { outcome: "tenant-not-found" };
    const current = await getDocument(trx, tenant, kind);
    if (current !== undefined && current.version === expectedVersion + 1n && current.text === text) {
      return { outcome: "repeated", document: current };
    }
    if ((current?.version ?? 0n) !== expectedVersion) return { outcome: "version-conflict" };
    const version = expectedVersion + 1n;
    await trx
      .insertInto("documents")
      .values({ tenant, kind, version, text, author, created_at: toMillis(createdAt, "createdAt") })
      .execute();
    await record(audit);
    return { outcome: "stored", document: { ...document, version } };
  });
}

export async function getDocument(
  db: Kysely<LedgerSchema>,
  tenant: string,
  kind: DocumentKind,
  version?: bigint,
): Promise<StoredDocument | undefined> {
  const row = await db
    .selectFrom("documents")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("kind", "=", kind)
    .$if(version !== undefined, (q) => q.where("version", "=", version ?? 0n))
    .orderBy("version", "desc")
    .limit(1n)
    .executeTakeFirst();
  return row === undefined ? undefined : toDocument(row);
}

/** The current one of each kind that each tenant has. */
export async function currentDocuments(db: Kysely<LedgerSchema>): Promise<StoredDocument[]> {
  const rows = await db
    .selectFrom("documents as d")
    .innerJoin(
      (eb) =>
        eb
          .selectFrom("documents")
          .select((s) => ["tenant", "kind", s.fn.max<bigint>("version").as("version")])
          .groupBy(["tenant", "kind"])
          .as("newest"),
      (join) =>
        join
          .onRef("newest.tenant", "=", "d.tenant")
          .onRef("newest.kind", "=", "d.kind")
          .onRef("newest.version", "=", "d.version"),
    )
    .selectAll("d")
    .orderBy("d.tenant")
    .orderBy("d.kind")
    .execute();
  return rows.map(toDocument);
}

function toDocument({ created_at, ...row }: Selectable<DocumentTable>): StoredDocument {
  return { ...row, createdAt: fromMillis(created_at) };
}
