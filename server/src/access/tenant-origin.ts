import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { TenantAccess } from "../tenant/directory.ts";

/**
 * Whether pages of an origin may call for the tenant: those that its policy lists, and those of its wallets. Browsers name
 * the origin, and pages cannot change it; other callers name none. Throws ORIGIN_NOT_ALLOWED.
 */
export function assertTenantOrigin(
  { policy, tenant }: Pick<TenantAccess, "policy" | "tenant">,
  headers: Headers,
): void {
  const origin = headers.get("origin");
  if (origin === null || policy.allowedOrigins.includes(origin)) return;
  const parties = tenant.signIn?.relyingParties ?? [];
  if (!parties.some(({ origins }) => origins.includes(origin))) {
    throw new DomainError(ErrorReason.ORIGIN_NOT_ALLOWED, "the tenant does not allow this origin");
  }
}
