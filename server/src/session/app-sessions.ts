import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { base32crockford } from "@scure/base";
import type { AppSession, AppSessionStore } from "../ledger/app-session-types.ts";
import type { AuditEvent } from "../ledger/audit-types.ts";
import type { AppTokenMinter } from "./app-token-minter.ts";
import type { EndedSessions } from "./ended-sessions.ts";
import type { IssuedSession, SessionIssuer } from "./ports.ts";
import { RefreshToken } from "./refresh-token.ts";

const ID_BYTES = 16;
/** Open sessions of one user, and what ListSessions answers with: with one more, the oldest ends. */
const MAX_SESSIONS = 100;
/** An answer that was lost is given again within this, in milliseconds. */
const RETRY_MS = 10_000;

export interface AppSessionsOptions {
  readonly store: AppSessionStore;
  readonly minter: Pick<AppTokenMinter, "mint">;
  readonly ended: Pick<EndedSessions, "add">;
  /** A session ends this long after it began, and this long after its last refresh; milliseconds. */
  readonly lifetimeMs: number;
  readonly idleMs: number;
  readonly now: () => Date;
  readonly randomBytes: (length: number) => Uint8Array;
}

/** The sessions of users who have signed in. All methods throw LEDGER_UNAVAILABLE when it gives no answer. */
export class AppSessions implements SessionIssuer {
  readonly #options: AppSessionsOptions;

  constructor(options: AppSessionsOptions) {
    this.#options = options;
  }

  async begin(tenant: string, userId: string): Promise<IssuedSession | undefined> {
    const { store, ended, lifetimeMs, idleMs, now, randomBytes } = this.#options;
    const at = now();
    const session: AppSession = {
      id: `ses_${base32crockford.encode(randomBytes(ID_BYTES)).toLowerCase().replaceAll("=", "")}`,
      tenant,
      userId,
      createdAt: at,
      refreshedAt: at,
      idleAt: new Date(at.getTime() + Math.min(idleMs, lifetimeMs)),
      expiresAt: new Date(at.getTime() + lifetimeMs),
    };
    const token = RefreshToken.mint(randomBytes);
    const audit = auditEvent("session.begun", session, at);
    const excess = await store.createAppSession(session, token.hashes(), MAX_SESSIONS, audit);
    if (excess === undefined) return undefined;
    ended.add(excess);
    return this.#issue(session, token);
  }

  /** The open session that a refresh token belongs to: whose tenant must be asked before the token is used up. */
  sessionOf(token: RefreshToken): Promise<AppSession | undefined> {
    return this.#options.store.appSessionOfToken(token.hashes(), this.#options.now());
  }

  /**
   * New tokens for a refresh token, which is used up. The same call again within 10 seconds, while its answer's refresh
   * token is unused, is given that one again: its answer may have been lost.
   *
   * @throws REFRESH_TOKEN_INVALID; REFRESH_TOKEN_REUSED, and then the session has ended
   */
  async refresh(
    token: RefreshToken,
  ): Promise<{ readonly session: AppSession; readonly issued: IssuedSession }> {
    const { store, ended, idleMs, now, randomBytes } = this.#options;
    const successor = token.next(randomBytes);
    const result = await store.refreshAppSession({
      hashes: token.hashes(),
      successorHash: successor.hash(),
      sealedSuccessor: token.seal(successor),
      now: now(),
      idleMs,
      retryMs: RETRY_MS,
    });
    if (result.outcome === "unknown") throw invalidRefreshToken();
    const { session } = result;
    if (result.outcome === "reused") {
      ended.add([session.id]);
      throw new DomainError(
        ErrorReason.REFRESH_TOKEN_REUSED,
        "the refresh token was used before: the session has ended",
      );
    }
    const next = result.outcome === "repeated" ? token.open(result.sealedSuccessor) : successor;
    return { session, issued: await this.#issue(session, next) };
  }

  /** Ends one session of the user, if it is open: how many there were. */
  end(tenant: string, userId: string, sessionId: string): Promise<number> {
    return this.#end(tenant, userId, sessionId);
  }

  endAll(tenant: string, userId: string): Promise<number> {
    return this.#end(tenant, userId, null);
  }

  /** Newest first, at most a hundred. */
  list(tenant: string, userId: string): Promise<AppSession[]> {
    return this.#options.store.listAppSessions(tenant, userId, this.#options.now(), MAX_SESSIONS);
  }

  async #end(tenant: string, userId: string, sessionId: string | null): Promise<number> {
    const { store, ended, now } = this.#options;
    const at = now();
    const session = { id: sessionId ?? "all", tenant, userId };
    const audit = auditEvent("session.ended", session, at);
    const ids = await store.endAppSessions(tenant, userId, sessionId, at, audit);
    ended.add(ids);
    return ids.length;
  }

  async #issue(session: AppSession, refreshToken: RefreshToken): Promise<IssuedSession> {
    const access = await this.#options.minter.mint(session);
    return {
      sessionId: session.id,
      accessToken: access.token,
      accessExpiresAt: access.expiresAt,
      refreshToken: refreshToken.text(),
      sessionExpiresAt: session.expiresAt,
    };
  }
}

/** The same words for whatever is wrong. */
export function invalidRefreshToken(): DomainError {
  return new DomainError(ErrorReason.REFRESH_TOKEN_INVALID, "the token is not valid");
}

function auditEvent(
  kind: string,
  { id, tenant, userId }: Pick<AppSession, "id" | "tenant" | "userId">,
  at: Date,
): AuditEvent {
  return { tenant, kind, actor: `user:${userId}`, at, detail: { session: id } };
}
