import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  GetTenantRequest,
  GetTenantResponseSchema,
} from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import type { AdminContext } from "../admin-context.ts";
import { findTenant } from "../find-tenant.ts";
import { tenantMessage } from "./tenant-message.ts";

export function getTenant({ ledger }: AdminContext) {
  return async ({ tenant }: GetTenantRequest): Promise<MessageInitShape<typeof GetTenantResponseSchema>> => ({
    tenant: tenantMessage(await findTenant(ledger, tenant)),
  });
}
