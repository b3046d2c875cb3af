import type {
  IdentityRecord,
  PasskeyRecord,
  PasskeyUse,
  ProviderAccountRecord,
  UserRecord,
} from "../session/ports.ts";
import type { AppSessionEndings } from "./app-session-types.ts";
import type { AuditEvent } from "./audit-types.ts";

/** Most identities of one user, also after a merge: each call about the user reads all of them. */
export const MAX_IDENTITIES = 64;

/** Most users that may have become one: the signer is told all of them with each threshold call. */
export const MAX_MERGED_USERS = 32;

/** An identity that is to be stored. */
export interface NewIdentity {
  readonly id: string;
  readonly createdAt: Date;
  readonly kind:
    | { readonly case: "passkey"; readonly passkey: PasskeyRecord; readonly counter: number }
    | { readonly case: "provider"; readonly account: ProviderAccountRecord };
}

/** What the audit log is told of a merge, which is at the time of `merged`. */
export interface MergeAudit {
  readonly merged: AuditEvent;
  /** Only when the other user had open sessions. */
  readonly sessionsEnded: AuditEvent;
}

/**
 * The store of users and of how they sign in. A passkey (by its credential id) and an account (by issuer and subject)
 * belong to at most one user of a tenant. An id that a user had is never another's, also after a merge. The audit events
 * are stored with what they tell of, and not without it.
 */
export interface UserStore {
  /** Undefined for an unknown user, and for one that was merged into another. */
  findUser(tenant: string, userId: string): Promise<UserRecord | undefined>;
  /** Ids of the users that were merged into this one. */
  findMergedUsers(tenant: string, userId: string): Promise<string[]>;
  findPasskey(
    tenant: string,
    credentialId: Uint8Array,
  ): Promise<{ readonly userId: string; readonly passkey: PasskeyRecord } | undefined>;
  findUserOfAccount(tenant: string, account: ProviderAccountRecord): Promise<UserRecord | undefined>;
  /** A user with its first identity; `userId` must be new. */
  createUser(
    tenant: string,
    userId: string,
    identity: NewIdentity,
    audit: AuditEvent,
  ): Promise<
    { readonly outcome: "created"; readonly user: UserRecord } | { readonly outcome: "identity-exists" }
  >;
  /** "identity-exists": it is `ownerId`'s, who may be the user. "too-many": the user has MAX_IDENTITIES. */
  addIdentity(
    tenant: string,
    userId: string,
    identity: NewIdentity,
    audit: AuditEvent,
  ): Promise<
    | { readonly outcome: "added"; readonly identity: IdentityRecord }
    | { readonly outcome: "identity-exists"; readonly ownerId: string; readonly identity: IdentityRecord }
    | { readonly outcome: "user-gone" | "too-many" }
  >;
  /** The last one stays, also when several are unlinked at the same time. */
  removeIdentity(
    tenant: string,
    userId: string,
    identityId: string,
    audit: AuditEvent,
  ): Promise<
    | { readonly outcome: "removed"; readonly user: UserRecord }
    | { readonly outcome: "not-found" | "last" | "user-gone" }
  >;
  /**
   * Gives the other user's identities, and the users that were merged into it, to this one, and ends the other one's
   * sessions: all of it or nothing. The other one is no user any more. "repeated": that was done before, and nothing is
   * recorded. "too-many": the user would be made of more than MAX_MERGED_USERS others, or have more than MAX_IDENTITIES.
   */
  mergeUsers(
    tenant: string,
    userId: string,
    otherId: string,
    audit: MergeAudit,
  ): Promise<
    | {
        readonly outcome: "merged";
        readonly user: UserRecord;
        readonly endedSessions: AppSessionEndings["sessionIds"];
      }
    | { readonly outcome: "repeated"; readonly user: UserRecord }
    | { readonly outcome: "user-gone" | "other-gone" | "too-many" }
  >;
  /**
   * Notes a use, when the counter rose or the passkey has none (0 before and now). False, and only `audit` is stored, when
   * it did not rise or there is no such passkey.
   */
  notePasskeyUse(
    tenant: string,
    credentialId: Uint8Array,
    use: PasskeyUse,
    audit: AuditEvent,
  ): Promise<boolean>;
}
