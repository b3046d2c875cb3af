import type { MethodImpl } from "@connectrpc/connect";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { actorOf } from "./admin-actor.ts";
import type { AdminContext } from "./admin-context.ts";
import { installedGrantMessage } from "./installed-grant-message.ts";

/** SignerAdminService.RevokeAdminGrant. */
export function revokeAdminGrant({
  grants,
  events,
}: AdminContext): MethodImpl<typeof SignerAdminService.method.revokeAdminGrant> {
  return async ({ id }, { values }) => {
    const actor = actorOf(values);
    const kept = await grants.revoke(id, actor);
    events.adminGrantChanged({ id, change: "revoked", actor });
    return { grant: installedGrantMessage(kept) };
  };
}
