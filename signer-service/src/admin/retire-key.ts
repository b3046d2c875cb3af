import type { MethodImpl } from "@connectrpc/connect";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { actorOf } from "./admin-actor.ts";
import type { AdminContext } from "./admin-context.ts";
import { keyStatusMessage } from "./key-status-message.ts";

/** SignerAdminService.RetireKey. */
export function retireKey({ keys }: AdminContext): MethodImpl<typeof SignerAdminService.method.retireKey> {
  return async ({ keyId }, { values }) => ({
    key: keyStatusMessage(await keys.retire(keyId, actorOf(values))),
  });
}
