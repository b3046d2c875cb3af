import type { MethodImpl } from "@connectrpc/connect";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import type { ServeLock } from "./lock-call.ts";
import { lockKeyMessage } from "./lock-key-message.ts";

const { method } = LockSignerService;

/** LockSignerService.RemoveLock. */
export function removeLock(serve: ServeLock): MethodImpl<typeof method.removeLock> {
  return serve(method.removeLock, async ({ keys, work }, { keyId, element }) => {
    const key = await keys.key(keyId);
    const answer = await work.run({ ...key, operation: "remove", element });
    return { key: lockKeyMessage(key), ...answer };
  });
}
