import type { MethodImpl } from "@connectrpc/connect";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import type { ServeLock } from "./lock-call.ts";
import { lockKeyMessage } from "./lock-key-message.ts";

const { method } = LockSignerService;

/** LockSignerService.GetLockKeys. */
export function getLockKeys(serve: ServeLock): MethodImpl<typeof method.getLockKeys> {
  return serve(method.getLockKeys, async ({ keys }) => ({ keys: (await keys.list()).map(lockKeyMessage) }));
}
