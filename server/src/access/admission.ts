import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { Refusal } from "../rules/rule.ts";
import type { Directory } from "../tenant/directory.ts";
import { pauseRefusal } from "../tenant/pauses.ts";
import type { Caller } from "./caller.ts";

/**
 * Why a caller that the gate let in may not have anything taken on any more: its tenant or key was withdrawn, or an
 * operator paused it, while its body arrived and the chain was asked. Undefined when it still may.
 */
export function withdrawal(
  directory: Pick<Directory, "access" | "key" | "pauses">,
  { tenant, keyId }: Caller,
  method: string,
  now: Date,
): Refusal | undefined {
  const access = directory.access(tenant);
  if (access === undefined || access.tenant.disabled) {
    return { reason: ErrorReason.TENANT_DISABLED, message: "the tenant is disabled" };
  }
  if (keyId !== null) {
    const key = directory.key(keyId);
    if (key === undefined || key.revokedAt !== null) {
      return { reason: ErrorReason.CREDENTIALS_REVOKED, message: "the key was revoked" };
    }
    if (key.expiresAt !== null && key.expiresAt <= now) {
      return { reason: ErrorReason.CREDENTIALS_EXPIRED, message: "the key has expired" };
    }
  }
  return pauseRefusal(directory.pauses, { tenant, method });
}
