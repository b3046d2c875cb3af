import { hash } from "node:crypto";
import { chainedBytes } from "../chain/canonical-bytes.ts";

const TAG = "countersign-signer-audit-entry-v1";

/** An entry of the signer's audit. */
export interface AuditEntry {
  readonly sequence: bigint;
  readonly at: Date;
  readonly kind: string;
  readonly actor: string;
  /** Empty for none. */
  readonly keyId: string;
  /** JSON, as it was written. */
  readonly detail: string;
}

/** SHA-256 that chains an entry to the one before it; see docs/signer.md. `previous` has 32 bytes, else RangeError. */
export function hashAuditEntry(previous: Uint8Array, entry: AuditEntry): Uint8Array {
  const { sequence, at, kind, actor, keyId, detail } = entry;
  const bytes = chainedBytes(TAG, previous, sequence, BigInt(at.getTime()), kind, actor, keyId, detail);
  return hash("sha256", bytes, "buffer");
}
