import type { DocumentKind, PauseLevel, PauseMode } from "./protection-types.ts";

type Bytes = Uint8Array;
/** Milliseconds since the epoch. */
type Millis = bigint;
/** A list of strings as JSON. */
type TextList = string;

export interface TenantTable {
  id: string;
  display_name: string;
  /** 0 or 1. */
  disabled: bigint;
  version: bigint;
  created_at: Millis;
  /** SignInSettings as JSON; null for none. */
  sign_in: string | null;
}

/** The ids of the relying parties in the tenants' sign_in: each belongs to one tenant. */
export interface RelyingPartyTable {
  id: string;
  tenant: string;
}

/** An issuer's tokens for an audience belong to one tenant. */
export interface TokenIssuerTable {
  issuer: string;
  audience: string;
  tenant: string;
  /** In the tenant's list. */
  position: bigint;
  jwks_uri: string;
  jwks_json: string;
  algorithms: TextList;
  clock_skew_seconds: bigint;
  scopes: TextList;
  subject_prefix: string;
}

export interface ApiKeyTable {
  id: string;
  tenant: string;
  display_name: string;
  scopes: TextList;
  secret_hash: Bytes;
  created_at: Millis;
  expires_at: Millis | null;
  revoked_at: Millis | null;
  last_used_at: Millis | null;
  rotated_from: string | null;
}

/** Every version stays; the current one is the highest. */
export interface DocumentTable {
  tenant: string;
  kind: DocumentKind;
  version: bigint;
  text: string;
  author: string;
  created_at: Millis;
}

export interface PauseTable {
  level: PauseLevel;
  target: string;
  id: string;
  mode: PauseMode;
  reason: string;
  author: string;
  created_at: Millis;
}

/** Calls that made a key or a webhook, whose id stands in `api_key_id`, by their idempotency keys. */
export interface AdminCallTable {
  method: string;
  idempotency_key: string;
  body_hash: Bytes;
  api_key_id: string;
}

/** One row. Whoever changes any of the tables above holds its lock. */
export interface ProtectionRevisionTable {
  revision: bigint;
}
