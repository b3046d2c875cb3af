/** What a tenant's credentials may do. */
export const SCOPES = ["read", "list", "submit", "accounts", "end-users"] as const;
export type Scope = (typeof SCOPES)[number];

export interface Tenant {
  readonly id: string;
  readonly displayName: string;
  readonly disabled: boolean;
  readonly tokenIssuers: readonly TokenIssuer[];
  /** 1 for the first, rising by one. */
  readonly version: bigint;
  readonly createdAt: Date;
}

/** Exactly one of `jwksUri` and `jwksJson` is not empty. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  readonly jwksJson: string;
  readonly algorithms: readonly string[];
  readonly clockSkewSeconds: number;
  readonly scopes: readonly Scope[];
  /** Stands before its subjects in the ids of end users. */
  readonly subjectPrefix: string;
}

export interface ApiKey {
  readonly id: string;
  readonly tenant: string;
  readonly displayName: string;
  readonly scopes: readonly Scope[];
  /** HMAC-SHA256 of the secret, 32 bytes. */
  readonly secretHash: Uint8Array;
  readonly createdAt: Date;
  /** Null for never. */
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  /** The key that it replaced. */
  readonly rotatedFrom: string | null;
}

/** The documents of which each tenant has one current version. Their text is the JSON form of the admin contract. */
export type DocumentKind = "policy" | "limits";

export interface StoredDocument {
  readonly tenant: string;
  readonly kind: DocumentKind;
  /** 1 for the first, rising by one. */
  readonly version: bigint;
  readonly text: string;
  readonly author: string;
  readonly createdAt: Date;
}

export type PauseLevel = "RELAY" | "TENANT" | "METHOD" | "ACTION_KIND" | "RELAYER_KEY";
export type PauseMode = "DRAIN" | "HOLD";

/** One for each level and target. */
export interface Pause {
  readonly id: string;
  readonly level: PauseLevel;
  /** Empty for RELAY. */
  readonly target: string;
  readonly mode: PauseMode;
  readonly reason: string;
  readonly author: string;
  readonly createdAt: Date;
}

/** Everything that decides who may do what, as of one revision. */
export interface ProtectionSnapshot {
  /** Rises with every change of anything in it, save lastUsedAt. */
  readonly revision: bigint;
  readonly tenants: readonly Tenant[];
  /** All that work, and for 90 days those that were revoked or have expired: after that they are like unknown ones. */
  readonly keys: readonly ApiKey[];
  /** The current ones. */
  readonly documents: readonly StoredDocument[];
  readonly pauses: readonly Pause[];
}

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

/** The store of tenants and of what they may do. Each change raises the revision, in the same transaction. */
export interface ProtectionStore {
  revision(): Promise<bigint>;
  snapshot(): Promise<ProtectionSnapshot>;

  /** "repeated" when a tenant of this id says the same. */
  createTenant(
    tenant: Pick<Tenant, "id" | "displayName" | "createdAt">,
    audit: AuditEvent,
  ): Promise<{ readonly outcome: "created" | "repeated" | "exists"; readonly tenant: Tenant }>;
  /**
   * "issuer-conflict": another tenant has a token issuer with the same issuer and audience, or the list has it twice.
   * A change that leaves the tenant as it is at `expectedVersion + 1` is "updated" and not recorded: its first answer
   * may have been lost.
   */
  updateTenant(
    id: string,
    expectedVersion: bigint,
    change: Partial<Pick<Tenant, "displayName" | "disabled" | "tokenIssuers">>,
    audit: AuditEvent,
  ): Promise<
    | { readonly outcome: "updated"; readonly tenant: Tenant }
    | { readonly outcome: "not-found" | "version-conflict" | "issuer-conflict" }
  >;

  /** `repeat` names the call; the same call again is "repeated" with the key that the first one made. */
  createApiKey(
    key: ApiKey,
    repeat: CallIdentity | null,
    audit: AuditEvent,
  ): Promise<
    | { readonly outcome: "created" | "repeated"; readonly key: ApiKey }
    | { readonly outcome: "tenant-not-found" | "key-reused" }
  >;
  /**
   * Stores the successor and lets the old key end at `oldExpiresAt`, or earlier if it would have; `audit` is told when.
   * "not-active": when the successor is created, the old key is revoked or has expired, or it has another successor that
   * is neither; "not-found": also when it is another tenant's.
   */
  rotateApiKey(
    oldId: string,
    oldExpiresAt: Date,
    successor: ApiKey,
    repeat: CallIdentity | null,
    audit: (oldKeyEndsAt: Date) => AuditEvent,
  ): Promise<
    | { readonly outcome: "created" | "repeated"; readonly key: ApiKey; readonly oldKey: ApiKey }
    | { readonly outcome: "not-found" | "not-active" | "key-reused" }
  >;
  /** Undefined when the tenant has no such key. Revoking a revoked key changes nothing and is not recorded. */
  revokeApiKey(tenant: string, id: string, at: Date, audit: AuditEvent): Promise<ApiKey | undefined>;
  listApiKeys(tenant: string): Promise<ApiKey[]>;
  /** Notes when keys were used last. Raises no revision. */
  touchApiKeys(uses: readonly { readonly id: string; readonly at: Date }[]): Promise<void>;

  /** `expectedVersion` 0 for the first. Storing the same text again over the version before is "repeated". */
  putDocument(
    document: Omit<StoredDocument, "version">,
    expectedVersion: bigint,
    audit: AuditEvent,
  ): Promise<
    | { readonly outcome: "stored" | "repeated"; readonly document: StoredDocument }
    | { readonly outcome: "tenant-not-found" | "version-conflict" }
  >;
  /** The current one without a version. */
  getDocument(tenant: string, kind: DocumentKind, version?: bigint): Promise<StoredDocument | undefined>;

  /** Replaces a pause of the same level and target. */
  putPause(pause: Pause, audit: AuditEvent): Promise<Pause>;
  deletePause(level: PauseLevel, target: string, audit: AuditEvent): Promise<Pause | undefined>;
}

/** A call with an idempotency key. */
export interface CallIdentity {
  readonly method: string;
  readonly idempotencyKey: string;
  /** 32 bytes. */
  readonly bodyHash: Uint8Array;
}

/** Amounts of a budget; gas in gas units, deposit in yoctoNEAR. */
export interface BudgetAmounts {
  readonly accounts: bigint;
  readonly gas: bigint;
  readonly deposit: bigint;
}

/** Bounds of a budget; what is absent has none. */
export type BudgetLimits = Partial<BudgetAmounts>;

/** Whose budgets a submission counts towards, and how much it may cost at most. */
export interface BudgetReservation {
  /** Names the user within the tenant: its budgets are counted apart. Not empty. */
  readonly user: string;
  readonly amounts: BudgetAmounts;
  readonly limits: Readonly<Record<BudgetScope, BudgetLimits>>;
}

export const BUDGET_SCOPES = ["tenant-day", "tenant-month", "user-day", "user-month"] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

/** One amount of one budget after a reservation, or as it stood when a reservation did not fit. */
export interface BudgetLevel {
  readonly scope: BudgetScope;
  readonly amount: keyof BudgetAmounts;
  readonly used: bigint;
  readonly limit: bigint;
  /** When the period ends and the budget is whole again. */
  readonly resetsAt: Date;
}

export interface UsageQuery {
  /** Undefined for all. */
  readonly tenant: string | undefined;
  readonly by: "tenant" | "method" | "user";
  /** Submissions accepted since then. */
  readonly since: Date;
}

/** What its submissions have cost; those that are open have cost nothing yet. */
export interface UsageGroup extends BudgetAmounts {
  readonly tenant: string;
  /** The RPC, or the user as its reservations name it; empty when summed up by tenant. */
  readonly group: string;
  readonly submissions: bigint;
  readonly succeeded: bigint;
  /** On the chain, where they were paid for. */
  readonly failed: bigint;
  readonly tokensBurnt: bigint;
}

export interface BudgetStore {
  /** The first bound that the reservation would break now, or undefined. Reserves nothing. */
  findExhausted(tenant: string, reservation: BudgetReservation, at: Date): Promise<BudgetLevel | undefined>;
  /** What the tenant as a whole has used and reserved in the day and the month of `at`. */
  budgetUse(tenant: string, at: Date): Promise<{ readonly period: string; readonly used: BudgetAmounts }[]>;
  /** Sums up in pages, so that other work goes on. */
  usage(query: UsageQuery): Promise<UsageGroup[]>;
  /**
   * Forgets the amounts used in periods that ended before then, at most 1000 a call; answers how many. What a
   * submission reserved there is not settled any more: choose a time before anything that is still open.
   */
  pruneBudgets(before: Date): Promise<number>;
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
