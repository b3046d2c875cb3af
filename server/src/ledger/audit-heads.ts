import { fromMillis, int64, toMillis } from "@countersign/sql";
import type { Kysely, Selectable, Transaction } from "kysely";
import { fromHex, toHex } from "./audit-events.ts";
import type { AuditHead, SignedAuditHead } from "./audit-types.ts";
import type { LedgerSchema } from "./schema.ts";
import type { AuditHeadTable } from "./schema-audit.ts";

export async function unsignedAuditHeads(db: Kysely<LedgerSchema>): Promise<AuditHead[]> {
  const rows = await db
    .selectFrom("audit_chains")
    .select(["tenant", "sequence", "hash"])
    .whereRef("sequence", ">", "signed_sequence")
    .orderBy("tenant")
    .execute();
  return rows.map((row) => ({ ...row, hash: fromHex(row.hash) }));
}

/** Of two processes that sign one head, the first is kept. */
export async function putAuditHead(trx: Transaction<LedgerSchema>, head: SignedAuditHead): Promise<void> {
  const sequence = int64(head.sequence, "sequence");
  await trx
    .insertInto("audit_heads")
    .values({
      tenant: head.tenant,
      sequence,
      hash: toHex(head.hash),
      at: toMillis(head.at, "time of a signed head"),
      public_key: head.publicKey,
      signature: head.signature,
    })
    .onConflict((oc) => oc.doNothing())
    .execute();
  await trx
    .updateTable("audit_chains")
    .set({ signed_sequence: sequence })
    .where("tenant", "=", head.tenant)
    .where("signed_sequence", "<", sequence)
    .execute();
}

export async function readAuditHeads(
  db: Kysely<LedgerSchema>,
  tenant: string,
  from: bigint,
  to: bigint,
): Promise<SignedAuditHead[]> {
  const rows = await db
    .selectFrom("audit_heads")
    .selectAll()
    .where("tenant", "=", tenant)
    .where("sequence", ">=", from)
    .where("sequence", "<=", to)
    .orderBy("sequence")
    .execute();
  return rows.map(toSignedHead);
}

export function toSignedHead(row: Selectable<AuditHeadTable>): SignedAuditHead {
  return {
    tenant: row.tenant,
    sequence: row.sequence,
    hash: fromHex(row.hash),
    at: fromMillis(row.at),
    publicKey: row.public_key,
    signature: row.signature,
  };
}
