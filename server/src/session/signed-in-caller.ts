import type { ContextValues } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { callerOf } from "../access/caller.ts";

/** Whose app session calls. Throws APP_SESSION_MISSING for credentials of other kinds. */
export function signedInCaller(values: ContextValues): {
  readonly tenant: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly startedAt: Date;
} {
  const { tenant, endUser, appSession } = callerOf(values);
  if (appSession === null || endUser === null) {
    throw new DomainError(ErrorReason.APP_SESSION_MISSING, "the credentials are not an app session");
  }
  return { tenant, userId: endUser, sessionId: appSession.id, startedAt: appSession.startedAt };
}
