import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  FinishPasskeyRegistrationRequest,
  FinishPasskeyRegistrationResponseSchema,
} from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { finishRegistration } from "../passkey-registration.ts";
import { challengeInvalid } from "../passkeys.ts";
import type { UserContext } from "../session-context.ts";
import { signedInMessage } from "../signed-in-message.ts";
import { identityMessage } from "../user-message.ts";

export function finishPasskeyRegistration({ passkeys, sessions, optionalCaller, handOut }: UserContext) {
  return async (
    request: FinishPasskeyRegistrationRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof FinishPasskeyRegistrationResponseSchema>> => {
    const { requestHeader } = call;
    const caller = await optionalCaller(requestHeader);
    const origin = requestHeader.get("origin");
    const { identity, newUser } = await finishRegistration(passkeys, request, caller, origin);
    if (newUser === undefined) return { identity: identityMessage(identity) };
    const issued = await sessions.begin(newUser.tenant, newUser.id);
    if (issued === undefined) throw challengeInvalid();
    return { signedIn: signedInMessage(newUser, handOut(issued, call)), identity: identityMessage(identity) };
  };
}
