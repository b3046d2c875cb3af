import type { MethodImpl } from "@connectrpc/connect";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import { actorOf } from "./admin-actor.ts";
import type { AdminContext } from "./admin-context.ts";
import { lockKeyStatusMessage } from "./lock-key-status-message.ts";

/** SignerAdminService.RetireLockKey. */
export function retireLockKey({
  locks,
}: AdminContext): MethodImpl<typeof SignerAdminService.method.retireLockKey> {
  return async ({ keyId }, { values }) => ({
    key: lockKeyStatusMessage(await locks.retire(keyId, actorOf(values))),
  });
}
