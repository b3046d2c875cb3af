import type { SignInSettings } from "../session/ports.ts";
import type { AuditEvent } from "./audit-types.ts";
import type { Webhook } from "./webhook-types.ts";

/** What a tenant's credentials may do. */
export const SCOPES = ["read", "list", "submit", "accounts", "threshold", "end-users"] as const;
export type Scope = (typeof SCOPES)[number];

export interface Tenant {
  readonly id: string;
  readonly displayName: string;
  readonly disabled: boolean;
  readonly tokenIssuers: readonly TokenIssuer[];
  /** How its users sign in; null for a tenant whose users do not. */
  readonly signIn: SignInSettings | null;
  /** 1 for the first, rising by one. */
  readonly version: bigint;
  readonly createdAt: Date;
}

/** What of a tenant can be changed. */
export type TenantChange = Partial<Pick<Tenant, "displayName" | "disabled" | "tokenIssuers" | "signIn">>;

/** Why a tenant may not have what it is to be given: another one has it. */
export type TenantConflict = "issuer-conflict" | "relying-party-conflict";

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
  readonly webhooks: readonly Webhook[];
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
   * "relying-party-conflict": the same of a relying party's id.
   * A change that leaves the tenant as it is at `expectedVersion + 1` is "updated" and not recorded: its first answer
   * may have been lost.
   */
  updateTenant(
    id: string,
    expectedVersion: bigint,
    change: TenantChange,
    audit: AuditEvent,
  ): Promise<
    | { readonly outcome: "updated"; readonly tenant: Tenant }
    | { readonly outcome: "not-found" | "version-conflict" | TenantConflict }
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
