import type { HandlerContext } from "@connectrpc/connect";
import type { BeginIdTokenSignInRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { beginIdToken } from "../oidc/id-token-sign-in.ts";
import type { SessionContext } from "../session-context.ts";

export function beginIdTokenSignIn({ providers, optionalCaller }: SessionContext) {
  return async (request: BeginIdTokenSignInRequest, { requestHeader }: HandlerContext) => {
    const caller = await optionalCaller(requestHeader);
    const { id, nonce } = await beginIdToken(providers, request, caller, requestHeader.get("origin"));
    return { signInId: id, nonce };
  };
}
