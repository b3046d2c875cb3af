import { createHash } from "node:crypto";
import type { AuditEntry, HashEntry } from "../ledger/audit-types.ts";
import { canonicalBytes } from "./canonical-bytes.ts";

const TAG = "countersign-audit-entry-v1";

/** Bytes of every hash in the log. */
export const HASH_BYTES = 32;

/** What stands for the entry before the first one: 32 zero bytes. */
export const NO_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

/** The bytes that an entry's hash is taken over; see docs/audit.md. `previous` has 32 bytes, else RangeError. */
export function entryBytes(previous: Uint8Array, entry: Omit<AuditEntry, "hash">): Uint8Array {
  if (previous.length !== HASH_BYTES) {
    throw new RangeError(`a hash has ${HASH_BYTES} bytes, not ${previous.length}`);
  }
  const { tenant, sequence, kind, actor, at, detail } = entry;
  return canonicalBytes(TAG, previous, tenant, sequence, kind, actor, BigInt(at.getTime()), detail);
}

/** SHA-256 over `entryBytes`: what chains an entry to the one before it. */
export const hashEntry: HashEntry = (previous, entry) =>
  createHash("sha256").update(entryBytes(previous, entry)).digest();
