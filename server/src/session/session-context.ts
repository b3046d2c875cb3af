import type { HandlerContext } from "@connectrpc/connect";
import type { Caller } from "../access/caller.ts";
import type { AppSessions } from "./app-sessions.ts";
import type { AssertFresh } from "./linking-session.ts";
import type { RedirectContext } from "./oidc/redirect-sign-in.ts";
import type { PasskeyContext } from "./passkeys.ts";
import type { IssuedSession, SessionIssuer, Users } from "./ports.ts";
import type { SessionCookies } from "./session-cookies.ts";

/** What the handlers that are about users and passkeys work with. */
export interface UserContext {
  readonly users: Users;
  readonly passkeys: PasskeyContext;
  readonly sessions: SessionIssuer;
  /** The caller of a method that is open to everybody: undefined without credentials. Throws CREDENTIALS_*. */
  readonly optionalCaller: (headers: Headers) => Promise<Caller | undefined>;
  readonly assertFresh: AssertFresh;
  /** Whose access token this is, of a session of the tenant that is fresh. Throws MERGE_PROOF_INVALID. */
  readonly verifyFreshToken: (token: string, tenant: string) => Promise<{ readonly userId: string }>;
  /** The session as its answer tells of it: in cookie mode, its tokens are put into cookies instead. */
  readonly handOut: (issued: IssuedSession, call: HandlerContext) => IssuedSession;
}

/** What the handlers of SessionService work with. */
export interface SessionContext extends UserContext {
  readonly providers: RedirectContext;
  readonly sessions: AppSessions;
  /** Undefined where tokens are bearers'. */
  readonly cookies: SessionCookies | undefined;
}
