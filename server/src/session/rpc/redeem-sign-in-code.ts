import type { HandlerContext } from "@connectrpc/connect";
import type { RedeemSignInCodeRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { invalidRefreshToken } from "../app-sessions.ts";
import { redeemSignInCode as redeem } from "../oidc/redirect-sign-in.ts";
import type { SessionContext } from "../session-context.ts";
import { signedInMessage } from "../signed-in-message.ts";

export function redeemSignInCode({ providers, sessions, handOut }: SessionContext) {
  return async (request: RedeemSignInCodeRequest, call: HandlerContext) => {
    const user = await redeem(providers, request, call.requestHeader.get("origin"));
    const issued = await sessions.begin(user.tenant, user.id);
    if (issued === undefined) throw invalidRefreshToken();
    return { signedIn: signedInMessage(user, handOut(issued, call)) };
  };
}
