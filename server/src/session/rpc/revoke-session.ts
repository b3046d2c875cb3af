import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { RevokeSessionRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { SessionContext } from "../session-context.ts";
import { signedInCaller } from "../signed-in-caller.ts";

export function revokeSession({ sessions, cookies }: SessionContext) {
  return async ({ sessionId, all }: RevokeSessionRequest, call: HandlerContext) => {
    const { tenant, userId, sessionId: own } = signedInCaller(call.values);
    const id = sessionId === "" ? own : sessionId;
    const ended = await (all ? sessions.endAll(tenant, userId) : sessions.end(tenant, userId, id));
    if (all || id === own) cookies?.clear(call);
    else if (ended === 0) {
      throw new DomainError(ErrorReason.SESSION_NOT_FOUND, "the user has no such session");
    }
    return { ended };
  };
}
