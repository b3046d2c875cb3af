/** Something that is to stand in the audit. Nothing in it is secret. */
export interface AuditEvent {
  /** For example "key paused". */
  readonly kind: string;
  /** Who: an operator's or a peer's identity, "signal" for SIGHUP, "start" for the process itself. */
  readonly actor: string;
  /** The key that it is about; empty for none. */
  readonly keyId: string;
  readonly detail: Readonly<Record<string, string>>;
}

/** A transaction that was not signed, or a call that was not let in. */
export interface Refusal {
  readonly peer: string;
  /** Empty when the call did not get as far as a key. */
  readonly keyId: string;
  /** The reason's name, for example "SIGNER_NONCE_CONFLICT". */
  readonly reason: string;
  readonly message: string;
  readonly requestId: string;
  /** Hex; empty when there was none. */
  readonly payloadHash: string;
  readonly tenant: string;
  readonly submissionId: string;
}

/** The signer's own audit: a hash chain in its store, beside the journal of what was signed. */
export interface SignerAudit {
  /** On disk when it resolves. */
  record(event: AuditEvent): Promise<void>;
  /** Kept within a second; many alike become one entry with their number. Never throws and never waits. */
  refused(refusal: Refusal): void;
}
