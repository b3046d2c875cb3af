import { toMillis } from "@countersign/sql";
import type { Transaction } from "kysely";
import { toHex } from "../chain/hash-text.ts";
import { lockHead, writeHead } from "../store/chain-head.ts";
import type { SignerSchema } from "../store/schema.ts";
import type { AuditEvent } from "./audit.ts";
import { boundedText } from "./bounded-text.ts";
import { hashAuditEntry } from "./entry-hash.ts";

/** An event, and when it was. */
export interface DatedEvent extends AuditEvent {
  readonly at: Date;
}

/** Rows in a statement: both engines bound its parameters. */
const BATCH = 500;

/**
 * Adds events to the audit with whatever else the transaction writes: to be called last in it, because it locks the
 * chain's end. Texts are cut at 256 characters.
 */
export async function appendAudit(
  trx: Transaction<SignerSchema>,
  events: readonly DatedEvent[],
): Promise<void> {
  if (events.length === 0) return;
  let head = await lockHead(trx, "audit");
  const rows = events.map((event) => {
    const entry = { ...bounded(event), sequence: head.sequence + 1n };
    head = { sequence: entry.sequence, hash: hashAuditEntry(head.hash, entry) };
    const { keyId, at, ...columns } = entry;
    return { ...columns, key_id: keyId, at: toMillis(at, "time of an audit entry"), hash: toHex(head.hash) };
  });
  for (let i = 0; i < rows.length; i += BATCH) {
    await trx
      .insertInto("audit_entries")
      .values(rows.slice(i, i + BATCH))
      .execute();
  }
  await writeHead(trx, "audit", head);
}

function bounded({ kind, actor, keyId, detail, at }: DatedEvent) {
  const fields = Object.entries(detail).map(([name, value]) => [name, boundedText(value)]);
  return {
    at,
    kind: boundedText(kind),
    actor: boundedText(actor),
    keyId: boundedText(keyId),
    detail: JSON.stringify(Object.fromEntries(fields)),
  };
}
