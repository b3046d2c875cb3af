import type { HandlerContext } from "@connectrpc/connect";
import type { RemoveServerLockRequest } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { assertServed, boundsOf, countAtTenant } from "../admission.ts";
import { assertSizeOfAny } from "../element-sizes.ts";
import type { LockContext } from "../lock-context.ts";

/** Goes on while the relay or the tenant is paused: it opens wallets that are there, and takes nothing on. */
export function removeServerLock(context: LockContext) {
  const { keys, keyAlarm } = context;
  return async ({ tenant, keyId, element }: RemoveServerLockRequest, call: HandlerContext) => {
    assertServed(context, tenant, call.requestHeader);
    assertSizeOfAny(element);
    await countAtTenant(context, tenant);
    const answer = await keys.remove(keyId, element, boundsOf(context, call));
    // Nobody waits for it: it never throws, and nothing depends on it.
    void keyAlarm.note(answer.key.keyId);
    return answer;
  };
}
