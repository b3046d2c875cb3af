import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { RefreshSessionRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { invalidRefreshToken } from "../app-sessions.ts";
import { walletOrigins } from "../oidc/sign-in-context.ts";
import { RefreshToken } from "../refresh-token.ts";
import { assertEnabled, assertOrigin } from "../relying-party.ts";
import type { SessionContext } from "../session-context.ts";
import { signedInMessage } from "../signed-in-message.ts";

export function refreshSession(context: SessionContext) {
  const { sessions, users, cookies, handOut, providers } = context;
  const { directory } = providers;

  async function refresh(text: string | undefined, origin: string | null) {
    const token = RefreshToken.parse(text ?? "");
    const session = token === undefined ? undefined : await sessions.sessionOf(token);
    if (token === undefined || session === undefined) throw invalidRefreshToken();
    // Before the token is used up.
    assertEnabled(directory, session.tenant);
    assertOrigin(walletOrigins(directory, session.tenant), origin);
    const user = await users.user(session.tenant, session.userId);
    if (user === undefined) throw invalidRefreshToken();
    const { issued } = await sessions.refresh(token);
    return { user, issued };
  }

  return async ({ refreshToken }: RefreshSessionRequest, call: HandlerContext) => {
    try {
      const text = cookies === undefined ? refreshToken : cookies.refreshToken(call);
      const { user, issued } = await refresh(text, call.requestHeader.get("origin"));
      return { signedIn: signedInMessage(user, handOut(issued, call)) };
    } catch (error) {
      if (isOver(error)) cookies?.clear(call);
      throw error;
    }
  };
}

/** A browser that keeps the cookies would come with them again and again. */
function isOver(error: unknown): boolean {
  if (!(error instanceof DomainError)) return false;
  const { REFRESH_TOKEN_INVALID, REFRESH_TOKEN_REUSED } = ErrorReason;
  return error.reason === REFRESH_TOKEN_INVALID || error.reason === REFRESH_TOKEN_REUSED;
}
