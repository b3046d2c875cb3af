import type { HandlerContext } from "@connectrpc/connect";
import type { MergeUsersRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { UserContext } from "../session-context.ts";
import { signedInCaller } from "../signed-in-caller.ts";
import { userMessage } from "../user-message.ts";

export function mergeUsers({ users, assertFresh, verifyFreshToken }: UserContext) {
  return async ({ otherAccessToken }: MergeUsersRequest, call: HandlerContext) => {
    const { tenant, userId, startedAt } = signedInCaller(call.values);
    assertFresh({ startedAt });
    const other = await verifyFreshToken(otherAccessToken, tenant);
    return { user: userMessage(await users.merge(tenant, userId, other.userId)) };
  };
}
