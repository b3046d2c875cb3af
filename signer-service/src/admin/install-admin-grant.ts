import type { MethodImpl } from "@connectrpc/connect";
import { ErrorReason } from "@countersign/gen/countersign/error/v1/error_pb.ts";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { DomainError } from "@countersign/service-kit";
import { actorOf } from "./admin-actor.ts";
import type { AdminContext } from "./admin-context.ts";
import { installedGrantMessage } from "./installed-grant-message.ts";

/** SignerAdminService.InstallAdminGrant. */
export function installAdminGrant({
  grants,
  verifyAdminGrant,
  events,
}: AdminContext): MethodImpl<typeof SignerAdminService.method.installAdminGrant> {
  return async ({ grant: message }, { values }) => {
    if (message === undefined) throw new DomainError(ErrorReason.FIELD_INVALID, "grant must be set");
    const { grant: grantBytes, adminKeyId, signature } = message;
    const signed = { grantBytes, adminKeyId, signature };
    const grant = verifyAdminGrant(signed);
    const actor = actorOf(values);
    const kept = await grants.install({ grant, ...signed }, actor);
    events.adminGrantChanged({ id: grant.id, change: "installed", actor });
    return { grant: installedGrantMessage(kept) };
  };
}
