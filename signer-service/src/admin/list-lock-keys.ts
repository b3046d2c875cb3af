import type { MethodImpl } from "@connectrpc/connect";
import type { SignerAdminService } from "@countersign/gen/countersign/signer/v1/signer_admin_service_pb.ts";
import type { AdminContext } from "./admin-context.ts";
import { lockKeyStatusMessage } from "./lock-key-status-message.ts";

/** SignerAdminService.ListLockKeys. */
export function listLockKeys({
  locks,
}: AdminContext): MethodImpl<typeof SignerAdminService.method.listLockKeys> {
  return async () => ({ keys: (await locks.list()).map(lockKeyStatusMessage) });
}
