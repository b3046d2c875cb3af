import type { HandlerContext } from "@connectrpc/connect";
import type { UnlinkIdentityRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { UserContext } from "../session-context.ts";
import { signedInCaller } from "../signed-in-caller.ts";
import { userMessage } from "../user-message.ts";

/** The user's sessions go on, whatever identity they began with. */
export function unlinkIdentity({ users, assertFresh }: UserContext) {
  return async ({ identityId }: UnlinkIdentityRequest, call: HandlerContext) => {
    const { tenant, userId, startedAt } = signedInCaller(call.values);
    assertFresh({ startedAt });
    return { user: userMessage(await users.unlink(tenant, userId, identityId)) };
  };
}
