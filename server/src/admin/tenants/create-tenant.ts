import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  CreateTenantRequest,
  CreateTenantResponseSchema,
} from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { type AdminContext, auditEvent } from "../admin-context.ts";
import { tenantMessage } from "./tenant-message.ts";

export function createTenant(context: AdminContext) {
  return async (
    { tenant: id, displayName }: CreateTenantRequest,
    call: HandlerContext,
  ): Promise<MessageInitShape<typeof CreateTenantResponseSchema>> => {
    const audit = auditEvent(context, call, {
      tenant: id,
      kind: "tenant.created",
      detail: { display_name: displayName },
    });
    const { outcome, tenant } = await context.ledger.createTenant(
      { id, displayName, createdAt: audit.at },
      audit,
    );
    if (outcome === "exists") {
      throw new DomainError(ErrorReason.TENANT_EXISTS, `there is a tenant ${id} already, which is another`);
    }
    await context.directory.refresh();
    return { tenant: tenantMessage(tenant) };
  };
}
