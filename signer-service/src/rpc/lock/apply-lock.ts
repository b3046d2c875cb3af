import type { MethodImpl } from "@connectrpc/connect";
import { LockSignerService } from "@countersign/gen/countersign/signer/v1/lock_signer_service_pb.ts";
import type { ServeLock } from "./lock-call.ts";
import { lockKeyMessage } from "./lock-key-message.ts";
import { lockSuiteOf } from "./lock-suite.ts";

const { method } = LockSignerService;

/** LockSignerService.ApplyLock. */
export function applyLock(serve: ServeLock): MethodImpl<typeof method.applyLock> {
  return serve(method.applyLock, async ({ keys, work }, { suite, element }) => {
    const key = await keys.current(lockSuiteOf(suite));
    const answer = await work.run({ ...key, operation: "apply", element });
    return { key: lockKeyMessage(key), ...answer };
  });
}
