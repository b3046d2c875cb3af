/** Tokens of a session that has just begun or was refreshed. */
export interface IssuedSession {
  readonly sessionId: string;
  readonly accessToken: string;
  readonly accessExpiresAt: Date;
  readonly refreshToken: string;
  readonly sessionExpiresAt: Date;
}

/** Begins sessions for users who have proved who they are. */
export interface SessionIssuer {
  /** Undefined for a user that was merged into another one meanwhile: a new sign-in is that one's. */
  begin(tenant: string, userId: string): Promise<IssuedSession | undefined>;
}

/** A passkey as the ledger keeps it. */
export interface PasskeyRecord {
  readonly credentialId: Uint8Array;
  /** COSE form (RFC 9052). */
  readonly publicKey: Uint8Array;
  readonly rpId: string;
  readonly name: string;
  readonly backedUp: boolean;
  readonly transports: readonly string[];
}

/** What an assertion says of its passkey. */
export interface PasskeyUse {
  /** The signature counter, 32 bits. */
  readonly counter: number;
  readonly backedUp: boolean;
}

/** An account at an identity provider. */
export interface ProviderAccountRecord {
  readonly providerId: string;
  readonly issuer: string;
  readonly subject: string;
}

export interface IdentityRecord {
  readonly id: string;
  readonly createdAt: Date;
  readonly kind:
    | { readonly case: "passkey"; readonly passkey: PasskeyRecord }
    | { readonly case: "provider"; readonly account: ProviderAccountRecord };
}

export interface UserRecord {
  readonly tenant: string;
  readonly id: string;
  readonly createdAt: Date;
  /** Oldest first. */
  readonly identities: readonly IdentityRecord[];
  /** Users that were merged into this one. */
  readonly mergedUsers: readonly string[];
}

/** The users of all tenants, in the ledger. All methods throw LEDGER_UNAVAILABLE when it gives no answer. */
export interface Users {
  user(tenant: string, userId: string): Promise<UserRecord | undefined>;
  /** Ids of the users that were merged into this one; none for a user that is none any more. */
  mergedUsers(tenant: string, userId: string): Promise<readonly string[]>;
  /** The id of a user that is still to be created: a passkey holds it as its user handle. */
  newUserId(): string;
  /** A new user with its first identity. Throws PASSKEY_EXISTS. */
  createWithPasskey(
    tenant: string,
    userId: string,
    passkey: PasskeyRecord,
    counter: number,
  ): Promise<UserRecord>;
  /** Throws PASSKEY_EXISTS; CREDENTIALS_REVOKED for a user that is none any more; FIELD_INVALID above 64 identities. */
  addPasskey(
    tenant: string,
    userId: string,
    passkey: PasskeyRecord,
    counter: number,
  ): Promise<IdentityRecord>;
  passkey(
    tenant: string,
    credentialId: Uint8Array,
  ): Promise<{ readonly userId: string; readonly passkey: PasskeyRecord } | undefined>;
  /** False when the counter did not rise (WebAuthn Level 3, section 6.1.1), which the audit log then tells of. */
  notePasskeyUse(tenant: string, userId: string, credentialId: Uint8Array, use: PasskeyUse): Promise<boolean>;
  /** The account's user, a new one if there is none. */
  userOfAccount(tenant: string, account: ProviderAccountRecord): Promise<UserRecord>;
  /**
   * Links the account to the user; linked to it already is fine. Throws IDENTITY_LINKED_ELSEWHERE; CREDENTIALS_REVOKED and
   * FIELD_INVALID as `addPasskey`.
   */
  linkAccount(tenant: string, userId: string, account: ProviderAccountRecord): Promise<IdentityRecord>;
  /** Throws IDENTITY_NOT_FOUND, IDENTITY_IS_LAST; CREDENTIALS_REVOKED for a user that is none any more. */
  unlink(tenant: string, userId: string, identityId: string): Promise<UserRecord>;
  /**
   * Gives the other user's identities and merged users to this one, and ends its sessions; the other one is no user any
   * more. All of it or nothing, and it may be repeated. Throws MERGE_PROOF_INVALID when the other one is none, or this one; CREDENTIALS_REVOKED when this one is none;
   * FIELD_INVALID above 32 merged users or 64 identities.
   */
  merge(tenant: string, userId: string, otherUserId: string): Promise<UserRecord>;
}

/** What was begun and is to be finished once, for a short time: challenges, states and codes. Lost without harm. */
export interface Pending {
  /** Keeps `value` for `ttlMs`. Throws SHARED_STATE_UNAVAILABLE. */
  put(kind: PendingKind, id: string, value: unknown, ttlMs: number): Promise<void>;
  /** Takes it away, for one caller only: undefined when it is unknown, taken or over its time. */
  take(kind: PendingKind, id: string): Promise<unknown>;
}

export type PendingKind = "registration" | "passkey-sign-in" | "id-token" | "redirect" | "sign-in-code";

/** What a tenant says of its users' sign-in. Kept in the directory with the tenant. */
export interface SignInSettings {
  readonly relyingParties: readonly RelyingPartySettings[];
  readonly providers: readonly IdentityProviderSettings[];
  /** What app sessions may do. */
  readonly scopes: readonly string[];
}

export interface RelyingPartySettings {
  /** In lower case. */
  readonly id: string;
  readonly name: string;
  readonly origins: readonly string[];
  readonly userVerificationOptional: boolean;
}

export interface IdentityProviderSettings {
  readonly id: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Empty for a public client. */
  readonly clientSecretName: string;
}
