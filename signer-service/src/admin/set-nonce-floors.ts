import type { MethodImpl } from "@connectrpc/connect";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { actorOf } from "./admin-actor.ts";
import type { AdminContext } from "./admin-context.ts";
import { keyStatusMessage } from "./key-status-message.ts";

/** SignerAdminService.SetNonceFloors. */
export function setNonceFloors({
  keys,
}: AdminContext): MethodImpl<typeof SignerAdminService.method.setNonceFloors> {
  return async ({ floors }, { values }) => {
    const read = floors.map(({ keyId, nonce }) => ({ keyId, nonce }));
    return { keys: (await keys.setFloors(read, actorOf(values))).map(keyStatusMessage) };
  };
}
