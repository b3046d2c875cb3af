/** Something that the audit log records. */
export interface AuditEvent {
  /** The tenant's id; empty for the relay's own log. */
  readonly tenant: string;
  /** Dotted and in lower case, for example "submission.accepted" or "key.revoked". */
  readonly kind: string;
  /** Who did it: "key:ID", "user:ID", "admin:NAME", "relay". */
  readonly actor: string;
  readonly at: Date;
  /** Strings and numbers only; no secrets. At most 8 KiB as JSON. */
  readonly detail: Readonly<Record<string, string | number>>;
}

/** An entry of a tenant's chain. */
export interface AuditEntry {
  readonly tenant: string;
  /** 1 for the first, rising by one. */
  readonly sequence: bigint;
  readonly kind: string;
  readonly actor: string;
  readonly at: Date;
  /** The detail's JSON, as it was stored: it is hashed as it stands. */
  readonly detail: string;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** Where a chain stands: the last entry's sequence and hash. Sequence 0 and 32 zero bytes before the first. */
export interface AuditHead {
  readonly tenant: string;
  readonly sequence: bigint;
  readonly hash: Uint8Array;
}

/** A head with a signature over it; see docs/audit.md. */
export interface SignedAuditHead extends AuditHead {
  readonly at: Date;
  /** "ed25519:" and base58. */
  readonly publicKey: string;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** Computes an entry's hash from the one before it. */
export type HashEntry = (previous: Uint8Array, entry: Omit<AuditEntry, "hash">) => Uint8Array;

export interface AuditStore {
  /** Durable when it resolves; chained a little later. */
  appendAudit(events: readonly AuditEvent[]): Promise<void>;
  /**
   * Chains up to `limit` of the events that are not chained yet, oldest first, and answers how many. Only one
   * process does so at a time; another one's call answers 0.
   */
  chainAudit(hash: HashEntry, limit: number): Promise<number>;
  /** The chains that have grown since their last signed head. */
  unsignedAuditHeads(): Promise<AuditHead[]>;
  putAuditHead(head: SignedAuditHead): Promise<void>;
  /** Where the chain stands now. */
  auditHead(tenant: string): Promise<AuditHead>;
  /** The checkpoint that retention left: the last entry that was deleted; undefined when none was. */
  auditCheckpoint(tenant: string): Promise<SignedAuditHead | undefined>;
  /** Entries from a sequence on, in order; none up to the checkpoint. */
  readAudit(tenant: string, from: bigint, limit: number): Promise<AuditEntry[]>;
  /** Signed heads with a sequence in the range, in order. */
  readAuditHeads(tenant: string, from: bigint, to: bigint): Promise<SignedAuditHead[]>;
  /**
   * The newest signed head that is older than `before` and behind which entries still stand, for each chain that has
   * one: what may be deleted up to.
   */
  prunableAudit(before: Date): Promise<SignedAuditHead[]>;
  /**
   * Makes the head the chain's checkpoint and deletes the heads before it and at most `limit` entries up to it, oldest
   * first; answers how many entries.
   */
  pruneAudit(checkpoint: SignedAuditHead, limit: number): Promise<number>;
}
