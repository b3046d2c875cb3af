type Bytes = Uint8Array;
/** Milliseconds since the epoch. */
type Millis = bigint;

export interface UserTable {
  tenant: string;
  id: string;
  created_at: Millis;
  /** The user that it is part of now; null for one that signs in. Never one that was merged itself. */
  merged_into: string | null;
}

/** What all ways of signing in have; each has a row in one of the tables below. */
export interface IdentityTable {
  id: string;
  tenant: string;
  user_id: string;
  created_at: Millis;
}

export interface PasskeyTable {
  tenant: string;
  credential_id: Bytes;
  identity_id: string;
  /** COSE form. */
  public_key: Bytes;
  rp_id: string;
  name: string;
  counter: bigint;
  /** 0 or 1. */
  backed_up: bigint;
  /** A list of strings as JSON. */
  transports: string;
}

export interface ProviderAccountTable {
  tenant: string;
  issuer: string;
  subject: string;
  identity_id: string;
  /** What the tenant called the provider when the account was linked. */
  provider_id: string;
}
