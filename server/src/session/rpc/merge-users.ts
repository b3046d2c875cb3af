import type { HandlerContext } from "@connectrpc/connect";
import type { MergeUsersRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { UserContext } from "../session-context.ts";
import { signedInCaller } from "../signed-in-caller.ts";
import { userMessage } from "../user-message.ts";

export function mergeUsers({ users, sessions, verifyFreshToken }: UserContext) {
  return async ({ otherAccessToken }: MergeUsersRequest, call: HandlerContext) => {
    const { tenant, userId } = signedInCaller(call.values);
    const other = await verifyFreshToken(otherAccessToken, tenant);
    const user = await users.merge(tenant, userId, other.userId);
    // After the merge: until it has succeeded, the same call may be sent again with the same token.
    await sessions.endAll(tenant, other.userId);
    return { user: userMessage(user) };
  };
}
