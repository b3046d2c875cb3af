import type { HandlerContext } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError, timeLeftMs } from "@countersign/service-kit";
import { assertTenantOrigin } from "../access/tenant-origin.ts";
import type { LockContext } from "./lock-context.ts";
import type { LockCallBounds } from "./lock-keys.ts";

/**
 * That the relay serves locks to whoever makes this call. Nobody has credentials here: a page's origin is all that there
 * is to go by. Throws LOCK_DISABLED, TENANT_NOT_FOUND, TENANT_DISABLED, ORIGIN_NOT_ALLOWED.
 */
export function assertServed(
  { enabled, directory }: Pick<LockContext, "enabled" | "directory">,
  tenantId: string,
  headers: Headers,
): void {
  if (!enabled) throw new DomainError(ErrorReason.LOCK_DISABLED, "this relay serves no lock");
  const access = directory.access(tenantId);
  if (access === undefined) throw new DomainError(ErrorReason.TENANT_NOT_FOUND, "there is no such tenant");
  if (access.tenant.disabled) throw new DomainError(ErrorReason.TENANT_DISABLED, "the tenant is disabled");
  assertTenantOrigin(access, headers);
}

/** Counts a lock at its tenant. Its address has been counted by the gate. Throws RATE_LIMITED. */
export async function countAtTenant(
  { limiter, tenantRate }: Pick<LockContext, "limiter" | "tenantRate">,
  tenantId: string,
): Promise<void> {
  const { refusal } = await limiter.take([{ name: "lock-tenant", key: tenantId, rate: tenantRate }]);
  if (refusal === undefined) return;
  const { name, retryAfterMs } = refusal;
  throw new DomainError(ErrorReason.RATE_LIMITED, `too many calls (${name})`, { retryAfterMs });
}

/** How long the keys are waited for. */
export function boundsOf(
  { timeoutMs }: Pick<LockContext, "timeoutMs">,
  call: HandlerContext,
): LockCallBounds {
  return { signal: call.signal, timeoutMs: Math.max(1, Math.min(timeLeftMs(call.values), timeoutMs)) };
}
