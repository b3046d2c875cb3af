import { createHash } from "node:crypto";
import { type Engine, fromMillis } from "@countersign/sql";
import { sql } from "kysely";
import { toHex } from "../chain/hash-text.ts";
import { readHead } from "../store/chain-head.ts";
import type { SignerSchema } from "../store/schema.ts";
import type { AuditEntry } from "./entry-hash.ts";
import { AUDIT_FORMAT, auditLines } from "./export-lines.ts";

/** Entries that are read at a time. */
const PAGE = 1_000;

/** The signer's audit up to now: a start, every entry, an end. Lines of JSON, each with its line feed. */
export async function* exportAudit(engine: Engine<SignerSchema>, now: () => Date): AsyncGenerator<string> {
  const hash = createHash("sha256");
  const written = (line: string) => {
    hash.update(line);
    return line;
  };
  const head = await engine.read((db) => readHead(db, "audit"));
  yield written(auditLines.format({ type: "start", format: AUDIT_FORMAT, at: now() }));
  for (let last = 0n; last < head.sequence; ) {
    const page = await readAudit(engine, last, head.sequence);
    if (page[0]?.sequence !== last + 1n) throw new Error(`the audit has no entry ${last + 1n}`);
    for (const entry of page) {
      yield written(auditLines.format({ type: "entry", ...entry }));
      last = entry.sequence;
    }
  }
  const linesHash = hash.digest("hex");
  yield auditLines.format({ type: "end", entries: head.sequence, hash: toHex(head.hash), linesHash });
}

async function readAudit(
  engine: Engine<SignerSchema>,
  after: bigint,
  last: bigint,
): Promise<(AuditEntry & { hash: string })[]> {
  const rows = await engine.read((db) =>
    db
      .selectFrom("audit_entries")
      .selectAll()
      .where("sequence", ">", after)
      .where("sequence", "<=", last)
      .orderBy("sequence")
      .limit(sql.lit(PAGE))
      .execute(),
  );
  return rows.map(({ key_id, at, ...row }) => ({ ...row, keyId: key_id, at: fromMillis(at) }));
}
