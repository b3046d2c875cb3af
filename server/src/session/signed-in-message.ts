import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { SignedInSchema } from "@countersign/gen/countersign/session/v1/session_pb.ts";
import type { IssuedSession, UserRecord } from "./ports.ts";
import { userMessage } from "./user-message.ts";

/** What a caller gets that has signed in. */
export function signedInMessage(
  user: UserRecord,
  issued: IssuedSession,
): MessageInitShape<typeof SignedInSchema> {
  const { sessionId, accessToken, accessExpiresAt, refreshToken, sessionExpiresAt } = issued;
  return {
    accessToken,
    accessExpiresAt: timestampFromDate(accessExpiresAt),
    refreshToken,
    sessionExpiresAt: timestampFromDate(sessionExpiresAt),
    sessionId,
    user: userMessage(user),
  };
}
