import type { HandlerContext } from "@connectrpc/connect";
import type { ApplyServerLockRequest } from "@countersign/gen/countersign/lock/v1/lock_pb.ts";
import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { refused } from "../../rules/refused.ts";
import { pauseRefusal } from "../../tenant/pauses.ts";
import { assertServed, boundsOf, countAtTenant } from "../admission.ts";
import { assertSizeOf } from "../element-sizes.ts";
import type { LockContext } from "../lock-context.ts";

const { name: method } = LockService.method.applyServerLock;

export function applyServerLock(context: LockContext) {
  const { directory, keys } = context;
  return async ({ tenant, suite, element }: ApplyServerLockRequest, call: HandlerContext) => {
    assertServed(context, tenant, call.requestHeader);
    assertSizeOf(suite, element);
    const paused = pauseRefusal(directory.pauses, { tenant, method });
    if (paused !== undefined) throw refused(paused);
    await countAtTenant(context, tenant);
    return keys.apply(suite, element, boundsOf(context, call));
  };
}
