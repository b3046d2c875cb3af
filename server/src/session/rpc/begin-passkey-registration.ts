import type { HandlerContext } from "@connectrpc/connect";
import type { BeginPasskeyRegistrationRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { beginRegistration } from "../passkey-registration.ts";
import type { UserContext } from "../session-context.ts";

export function beginPasskeyRegistration({ passkeys, optionalCaller }: UserContext) {
  return async (request: BeginPasskeyRegistrationRequest, { requestHeader }: HandlerContext) => {
    const caller = await optionalCaller(requestHeader);
    const begun = await beginRegistration(passkeys, request, caller, requestHeader.get("origin"));
    return { registrationId: begun.id, optionsJson: begun.optionsJson };
  };
}
