import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { TenantSchema } from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import type { Tenant } from "../../ledger/protection-types.ts";

export function tenantMessage(tenant: Tenant): MessageInitShape<typeof TenantSchema> {
  return {
    id: tenant.id,
    displayName: tenant.displayName,
    disabled: tenant.disabled,
    tokenIssuers: tenant.tokenIssuers.map((issuer) => ({
      ...issuer,
      algorithms: [...issuer.algorithms],
      scopes: [...issuer.scopes],
    })),
    version: tenant.version,
    createTime: timestampFromDate(tenant.createdAt),
  };
}
