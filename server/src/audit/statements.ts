import { createHash } from "node:crypto";
import type { AuditHead } from "../ledger/audit-types.ts";
import { canonicalBytes } from "./canonical-bytes.ts";

/** A place in a chain at a time, as it is signed. */
export interface DatedHead extends AuditHead {
  readonly at: Date;
}

/** What the end of an export says. */
export interface ExportEnd extends DatedHead {
  /** Number of entries in the export. */
  readonly entries: bigint;
  /** SHA-256 over all lines before the end, each with its line feed; 32 bytes. */
  readonly linesHash: Uint8Array;
}

// Each kind of statement has a tag of its own: a signature under one is none under another.

/** What is signed of a chain's head, 32 bytes; see docs/audit.md. */
export function headStatement(head: DatedHead): Uint8Array {
  return sha256(canonicalBytes("countersign-audit-head-v1", ...place(head)));
}

/** What is signed of the place after which an export begins. */
export function startStatement(start: DatedHead): Uint8Array {
  return sha256(canonicalBytes("countersign-audit-start-v1", ...place(start)));
}

/** What is signed of an export's end. */
export function endStatement(end: ExportEnd): Uint8Array {
  return sha256(canonicalBytes("countersign-audit-end-v1", ...place(end), end.entries, end.linesHash));
}

function place({ tenant, sequence, hash, at }: DatedHead): [string, bigint, Uint8Array, bigint] {
  return [tenant, sequence, hash, BigInt(at.getTime())];
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}
