import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  FinishIdTokenSignInRequest,
  FinishIdTokenSignInResponseSchema,
} from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { finishIdToken } from "../oidc/id-token-sign-in.ts";
import { challengeInvalid } from "../passkeys.ts";
import type { SessionContext } from "../session-context.ts";
import { signedInMessage } from "../signed-in-message.ts";
import { identityMessage } from "../user-message.ts";

export function finishIdTokenSignIn({ providers, sessions, optionalCaller, handOut }: SessionContext) {
  return async (
    request: FinishIdTokenSignInRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof FinishIdTokenSignInResponseSchema>> => {
    const { requestHeader } = call;
    const caller = await optionalCaller(requestHeader);
    const origin = requestHeader.get("origin");
    const { identity, user } = await finishIdToken(providers, request, caller, origin);
    if (user === undefined) return { identity: identityMessage(identity) };
    const issued = await sessions.begin(user.tenant, user.id);
    if (issued === undefined) throw challengeInvalid();
    return { signedIn: signedInMessage(user, handOut(issued, call)), identity: identityMessage(identity) };
  };
}
