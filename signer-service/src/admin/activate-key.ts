import type { MethodImpl } from "@connectrpc/connect";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { actorOf } from "./admin-actor.ts";
import type { AdminContext } from "./admin-context.ts";
import { keyStatusMessage } from "./key-status-message.ts";

/** SignerAdminService.ActivateKey. */
export function activateKey({
  keys,
}: AdminContext): MethodImpl<typeof SignerAdminService.method.activateKey> {
  return async ({ keyId, nonceFloor }, { values }) => ({
    key: keyStatusMessage(await keys.activate(keyId, nonceFloor, actorOf(values))),
  });
}
