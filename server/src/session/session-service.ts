import type { ServiceImpl } from "@connectrpc/connect";
import type { SessionService } from "@countersign/gen/countersign/session/v1/session_service_pb.ts";
import { beginIdTokenSignIn } from "./rpc/begin-id-token-sign-in.ts";
import { beginPasskeyRegistration } from "./rpc/begin-passkey-registration.ts";
import { beginPasskeySignIn } from "./rpc/begin-passkey-sign-in.ts";
import { finishIdTokenSignIn } from "./rpc/finish-id-token-sign-in.ts";
import { finishPasskeyRegistration } from "./rpc/finish-passkey-registration.ts";
import { finishPasskeySignIn } from "./rpc/finish-passkey-sign-in.ts";
import { getUser } from "./rpc/get-user.ts";
import { listSessions } from "./rpc/list-sessions.ts";
import { mergeUsers } from "./rpc/merge-users.ts";
import { redeemSignInCode } from "./rpc/redeem-sign-in-code.ts";
import { refreshSession } from "./rpc/refresh-session.ts";
import { revokeSession } from "./rpc/revoke-session.ts";
import { unlinkIdentity } from "./rpc/unlink-identity.ts";
import type { SessionContext } from "./session-context.ts";

/** countersign.session.v1.SessionService, one file for each RPC. */
export function sessionService(session: SessionContext): ServiceImpl<typeof SessionService> {
  return {
    beginPasskeyRegistration: beginPasskeyRegistration(session),
    finishPasskeyRegistration: finishPasskeyRegistration(session),
    beginPasskeySignIn: beginPasskeySignIn(session),
    finishPasskeySignIn: finishPasskeySignIn(session),
    beginIdTokenSignIn: beginIdTokenSignIn(session),
    finishIdTokenSignIn: finishIdTokenSignIn(session),
    redeemSignInCode: redeemSignInCode(session),
    refreshSession: refreshSession(session),
    revokeSession: revokeSession(session),
    listSessions: listSessions(session),
    getUser: getUser(session),
    unlinkIdentity: unlinkIdentity(session),
    mergeUsers: mergeUsers(session),
  };
}
