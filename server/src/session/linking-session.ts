import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { AppSessionRef, Caller } from "../access/caller.ts";

/** The session for whose user something is to be linked. */
export interface LinkingSession extends AppSessionRef {
  readonly userId: string;
}

/**
 * Throws SESSION_NOT_FRESH for a session that began too long ago for what changes how its user signs in: who has stolen an
 * access token must not be able to make it a passkey. Refreshing does not make a session younger.
 */
export type AssertFresh = (session: Pick<AppSessionRef, "startedAt">) => void;

/** Undefined for a call without credentials. Throws CREDENTIALS_INVALID for those that are no app session here. */
export function linkingSession(caller: Caller | undefined, tenant: string): LinkingSession | undefined {
  if (caller === undefined) return undefined;
  if (caller.appSession === null || caller.endUser === null || caller.tenant !== tenant) {
    throw new DomainError(
      ErrorReason.CREDENTIALS_INVALID,
      "the credentials are no app session of this tenant: call without them to register a new user",
    );
  }
  return { ...caller.appSession, userId: caller.endUser };
}
