import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import type { ListSessionsRequest } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { SessionContext } from "../session-context.ts";
import { signedInCaller } from "../signed-in-caller.ts";

export function listSessions({ sessions }: SessionContext) {
  return async (_request: ListSessionsRequest, call: HandlerContext) => {
    const { tenant, userId, sessionId } = signedInCaller(call.values);
    const open = await sessions.list(tenant, userId);
    return {
      sessions: open.map(({ id, createdAt, refreshedAt, expiresAt }) => ({
        id,
        createTime: timestampFromDate(createdAt),
        refreshTime: timestampFromDate(refreshedAt),
        expiresAt: timestampFromDate(expiresAt),
        current: id === sessionId,
      })),
    };
  };
}
