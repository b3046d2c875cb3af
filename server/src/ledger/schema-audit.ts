/** Milliseconds since the epoch. */
type Millis = bigint;
/** Bytes in hexadecimal digits: a list of values in a statement has no bytes that both engines take. */
type Hex = string;

export interface AuditEventTable {
  /** Ids made later sort later. */
  id: string;
  tenant: string;
  kind: string;
  actor: string;
  at: Millis;
  /** JSON. */
  detail: string;
  /** Null until it is chained. */
  sequence: bigint | null;
  hash: Hex | null;
}

export interface AuditChainTable {
  tenant: string;
  /** The last entry's. */
  sequence: bigint;
  hash: Hex;
  /** Of the newest signed head; 0 without one. */
  signed_sequence: bigint;
  /** Entries up to this one are deleted, or about to be; 0 when none is. Its signed head stays. */
  checkpoint_sequence: bigint;
}

export interface AuditHeadTable {
  tenant: string;
  sequence: bigint;
  hash: Hex;
  at: Millis;
  public_key: string;
  signature: Uint8Array;
}

/** One row, which the process that chains events has locked. */
export interface AuditSequencerTable {
  id: bigint;
}
