import type { MethodImpl } from "@connectrpc/connect";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import type { AdminContext } from "./admin-context.ts";
import { installedGrantMessage } from "./installed-grant-message.ts";

/** SignerAdminService.ListAdminGrants. */
export function listAdminGrants({
  grants,
}: AdminContext): MethodImpl<typeof SignerAdminService.method.listAdminGrants> {
  return async () => ({ grants: (await grants.list()).map(installedGrantMessage) });
}
