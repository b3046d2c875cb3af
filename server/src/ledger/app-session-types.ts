import type { AuditEvent } from "./audit-types.ts";

/** A session of a user who has signed in, as the ledger keeps it. */
export interface AppSession {
  readonly id: string;
  readonly tenant: string;
  readonly userId: string;
  readonly createdAt: Date;
  /** When its tokens were last made anew. */
  readonly refreshedAt: Date;
  /** Until when it can be refreshed, if it is not refreshed before. */
  readonly idleAt: Date;
  /** Until when it can be refreshed at most. */
  readonly expiresAt: Date;
}

/** What the ledger knows a refresh token by: SHA-256 each, 32 bytes. The tokens themselves never reach it. */
export interface RefreshTokenHashes {
  readonly token: Uint8Array;
  /** Of what all tokens of a session have in common, and no others: nobody knows it without one of them. */
  readonly family: Uint8Array;
}

/** A refresh token is used. */
export interface RefreshInput {
  /** Of the token that is presented. */
  readonly hashes: RefreshTokenHashes;
  /** Of the one that is to follow it, in the same family. */
  readonly successorHash: Uint8Array;
  /** The successor, for nobody but the holder of the token that is presented; at most 64 bytes. */
  readonly sealedSuccessor: Uint8Array;
  readonly now: Date;
  /** For how long the session can be refreshed from now on, if it is not over before. */
  readonly idleMs: number;
  /** For how long after its use a token gets the same successor again, while that is unused. */
  readonly retryMs: number;
}

export type RefreshResult =
  | { readonly outcome: "rotated"; readonly session: AppSession }
  /** The same use, repeated: `sealedSuccessor` is the first one's. */
  | { readonly outcome: "repeated"; readonly session: AppSession; readonly sealedSuccessor: Uint8Array }
  /** The session has ended with this call. */
  | { readonly outcome: "reused"; readonly session: AppSession }
  | { readonly outcome: "unknown" };

/** Sessions that have ended, up to a sequence number. */
export interface AppSessionEndings {
  readonly sequence: bigint;
  readonly sessionIds: readonly string[];
}

/**
 * The store of app sessions. Each end of a session gets the next sequence number, in the order of the commits: who has
 * read up to one has missed none before it.
 */
export interface AppSessionStore {
  /**
   * Stores a session with its first refresh token. Of a user's open sessions, the oldest beyond `keep` end; answers which.
   * Undefined, and nothing is stored, for a user that was merged into another one.
   */
  createAppSession(
    session: AppSession,
    hashes: RefreshTokenHashes,
    keep: number,
    audit: AuditEvent,
  ): Promise<AppSessionEndings["sessionIds"] | undefined>;
  /** The open session that the token, used or not, belongs to. */
  appSessionOfToken(hashes: RefreshTokenHashes, now: Date): Promise<AppSession | undefined>;
  /**
   * Uses a refresh token. Of calls with one token at the same time, one is "rotated" and the others are "repeated" with
   * its successor. A token that was used, whose successor was used too or whose time for repeats is over, ends the session.
   * At most two tokens of a session are kept: what else is of its family was used.
   */
  refreshAppSession(input: RefreshInput): Promise<RefreshResult>;
  /** Open sessions, newest first. */
  listAppSessions(tenant: string, userId: string, now: Date, limit: number): Promise<AppSession[]>;
  /** Ends a user's open session, or all of them with null; answers which ended. */
  endAppSessions(
    tenant: string,
    userId: string,
    sessionId: string | null,
    now: Date,
    audit: AuditEvent,
  ): Promise<AppSessionEndings["sessionIds"]>;
  /** What has ended after a sequence number, at most `limit` in their order. */
  appSessionEndings(after: bigint, limit: number): Promise<AppSessionEndings>;
  /** Where the sequence stood at the last end before a time: what is after it ended later. */
  appSessionSequenceAt(time: Date): Promise<bigint>;
  /** Deletes sessions that ended, or could be refreshed no more, before a time; at most 1000 a call, answers how many. */
  pruneAppSessions(before: Date): Promise<number>;
}
