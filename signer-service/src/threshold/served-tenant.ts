import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import type { ThresholdConfig, ThresholdTenant } from "./threshold-config.ts";

/** What the signer's own configuration says of a tenant. Throws THRESHOLD_DISABLED for one that it does not name. */
export function servedTenant({ tenants }: ThresholdConfig, tenant: string): ThresholdTenant {
  const found = tenants.find((one) => one.tenant === tenant);
  if (found === undefined) {
    throw new DomainError(ErrorReason.THRESHOLD_DISABLED, "the signer does not serve this tenant");
  }
  return found;
}

/** Where assertions for a relying party may come from; undefined for one that the tenant does not have. */
export function originsOf({ relyingParties }: ThresholdTenant, rpId: string): readonly string[] | undefined {
  return relyingParties.find(({ id }) => id === rpId)?.origins;
}
