import type { HandlerContext } from "@connectrpc/connect";
import type { FinishPasskeySignInRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { finishSignIn } from "../passkey-sign-in.ts";
import { challengeInvalid } from "../passkeys.ts";
import type { UserContext } from "../session-context.ts";
import { signedInMessage } from "../signed-in-message.ts";

export function finishPasskeySignIn({ passkeys, sessions, handOut }: UserContext) {
  return async (request: FinishPasskeySignInRequest, call: HandlerContext) => {
    const user = await finishSignIn(passkeys, request, call.requestHeader.get("origin"));
    const issued = await sessions.begin(user.tenant, user.id);
    if (issued === undefined) throw challengeInvalid();
    return { signedIn: signedInMessage(user, handOut(issued, call)) };
  };
}
