import type { MethodImpl } from "@connectrpc/connect";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { actorOf } from "./admin-actor.ts";
import type { AdminContext } from "./admin-context.ts";
import { keyStatusMessage } from "./key-status-message.ts";

/** SignerAdminService.GenerateKey. */
export function generateKey({
  keys,
}: AdminContext): MethodImpl<typeof SignerAdminService.method.generateKey> {
  return async ({ backend, keyId, network, accountId }, { values }) => {
    const names = { keyId, network, accountId };
    return { key: keyStatusMessage(await keys.generate(backend, names, actorOf(values))) };
  };
}
