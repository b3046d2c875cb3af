import type { HandlerContext } from "@connectrpc/connect";
import type { BeginPasskeySignInRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { beginSignIn } from "../passkey-sign-in.ts";
import type { UserContext } from "../session-context.ts";

export function beginPasskeySignIn({ passkeys }: UserContext) {
  return async (request: BeginPasskeySignInRequest, { requestHeader }: HandlerContext) => {
    const begun = await beginSignIn(passkeys, request, requestHeader.get("origin"));
    return { signInId: begun.id, optionsJson: begun.optionsJson };
  };
}
