import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ListTenantsResponseSchema } from "@countersign/gen/countersign/admin/v1/tenant_pb.ts";
import type { AdminContext } from "../admin-context.ts";
import { tenantMessage } from "./tenant-message.ts";

export function listTenants({ ledger }: AdminContext) {
  return async (): Promise<MessageInitShape<typeof ListTenantsResponseSchema>> => {
    const { tenants } = await ledger.snapshot();
    const ordered = tenants.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    return { tenants: ordered.map(tenantMessage) };
  };
}
