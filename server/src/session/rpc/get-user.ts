import type { HandlerContext } from "@connectrpc/connect";
import type { GetUserRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { UserContext } from "../session-context.ts";
import { signedInCaller } from "../signed-in-caller.ts";
import { userMessage } from "../user-message.ts";
import { userGone } from "../users.ts";

export function getUser({ users }: UserContext) {
  return async (_request: GetUserRequest, call: HandlerContext) => {
    const { tenant, userId } = signedInCaller(call.values);
    const user = await users.user(tenant, userId);
    if (user === undefined) throw userGone();
    return { user: userMessage(user) };
  };
}
