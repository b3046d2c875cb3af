import type { MethodImpl } from "@connectrpc/connect";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { actorOf } from "./admin-actor.ts";
import type { AdminContext } from "./admin-context.ts";

/** SignerAdminService.Reload. */
export function reload({
  reload: takeOver,
}: AdminContext): MethodImpl<typeof SignerAdminService.method.reload> {
  return async (_, { values }) => {
    const { added, removed } = await takeOver(actorOf(values));
    return { added: [...added], removed: [...removed] };
  };
}
