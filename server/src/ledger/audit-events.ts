import { randomUUID } from "node:crypto";
import { fromMillis, type Parameter, RowsStatement, toMillis, whole } from "@countersign/sql";
import type { Kysely, Transaction } from "kysely";
import type { AuditEntry, AuditEvent } from "./audit-types.ts";
import type { LedgerSchema } from "./schema.ts";

/** Bytes of an event's detail as JSON. */
const MAX_DETAIL = 8_192;

/** A new row. It only gives the statement its shape. */
const ANY_ROW = { id: "", tenant: "", kind: "", actor: "", at: 0n, detail: "" };

const INSERT = new RowsStatement((db: Kysely<LedgerSchema>, rows) =>
  db.insertInto("audit_events").values(Array.from({ length: rows }, () => ANY_ROW)),
);

/** Stores events with whatever else the transaction writes. It takes no lock on the chain, which they join later. */
export async function insertAudit(
  trx: Transaction<LedgerSchema>,
  events: readonly AuditEvent[],
): Promise<void> {
  await INSERT.runInParts(trx, events.map(toRow));
}

function toRow({ tenant, kind, actor, at, detail }: AuditEvent): Parameter[] {
  const text = JSON.stringify(detail);
  if (Buffer.byteLength(text) > MAX_DETAIL) {
    throw new RangeError(`the detail of an audit event (${kind}) has more than ${MAX_DETAIL} bytes`);
  }
  const millis = toMillis(at, "time of an audit event");
  return [eventId(millis), tenant, kind, actor, millis, text];
}

/** Sorts by time and, within a millisecond, in the order in which a process made them. */
function eventId(millis: bigint): string {
  const hex = (value: bigint, digits: number) => value.toString(16).padStart(digits, "0");
  return `${hex(millis, 12)}-${hex(process.hrtime.bigint(), 16)}-${randomUUID().slice(-12)}`;
}

export async function readAudit(
  db: Kysely<LedgerSchema>,
  tenant: string,
  from: bigint,
  limit: number,
): Promise<AuditEntry[]> {
  const rows = await db
    .selectFrom("audit_events")
    .select(["tenant", "sequence", "kind", "actor", "at", "detail", "hash"])
    .where("tenant", "=", tenant)
    .where("sequence", ">=", from)
    // What retention has given up but not deleted yet is no part of the chain any more.
    .where("sequence", ">", (eb) =>
      eb.fn.coalesce(
        eb.selectFrom("audit_chains").select("checkpoint_sequence").where("tenant", "=", tenant),
        eb.val(0n),
      ),
    )
    .orderBy("sequence")
    .limit(whole(limit, "limit"))
    .execute();
  return rows.flatMap(({ sequence, hash, at, ...row }) =>
    sequence === null || hash === null ? [] : [{ ...row, sequence, at: fromMillis(at), hash: fromHex(hash) }],
  );
}

export function toHex(hash: Uint8Array): string {
  if (hash.length !== 32) throw new RangeError(`a hash has ${hash.length} bytes, not 32`);
  return Buffer.from(hash).toString("hex");
}

export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}
